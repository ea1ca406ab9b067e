import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from '@jest/globals';

/**
 * Tests that need what a user may lack: a program, or the public conformance data. Where it is missing they are
 * skipped, with a line that says so; with PKIXD_NO_SKIP they run, and fail.
 */
export function withComponent(program: string): typeof test {
  const there = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  return there ? test : skipped(`${program} is not installed`);
}

/** The folder of public test data: `../shared/conformance`, or where PKIXD_CONFORMANCE says. */
export const CONFORMANCE = resolve(process.env['PKIXD_CONFORMANCE'] ?? '../shared/conformance');

export function withConformance(): typeof test {
  return existsSync(CONFORMANCE) ? test : skipped(`${CONFORMANCE} is not there`);
}

function skipped(why: string): typeof test {
  if (process.env['PKIXD_NO_SKIP'] !== undefined) return test;
  console.warn(`skipped: ${why}`);
  return test.skip as typeof test;
}
