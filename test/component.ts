import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from '@jest/globals';

/**
 * Tests that need what a user may lack: a program, or the public conformance data. Where it is missing they are
 * skipped, with a line that says so; with PKIXD_NO_SKIP they run, and fail.
 */
export function withComponent(program: string): typeof test {
  const there = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  return there ? test : skipped(`${program} is not installed`);
}

/** Tests of what only root may do. */
export function asRoot(): typeof test {
  return process.getuid?.() === 0 ? test : skipped('this is not run by root');
}

/** Runs a program as a user who has no rights here. */
export const AS_NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] as const;

/**
 * Tests that run this build as another user. A clone, or a Node, in a folder that the user may not enter prevents it, and
 * nothing that could be installed would help: PKIXD_NO_SKIP does not make them run.
 */
export function asNobody(): typeof test {
  const [setpriv, ...as] = AS_NOBODY;
  const tried = spawnSync(setpriv, [...as, process.execPath, resolve('dist/cli/main.js'), '--version']);
  if (process.getuid?.() === 0 && tried.status === 0) return test;
  process.stderr.write('skipped: this build cannot be run as the user nobody\n');
  return test.skip as typeof test;
}

/** Tests that mount a file system of their own; a container may forbid it, and nothing that could be installed helps. */
export function inOwnMounts(): typeof test {
  const mount = 'mount -t tmpfs tmpfs /mnt';
  if (spawnSync('unshare', ['--mount', 'sh', '-c', mount]).status === 0) return test;
  process.stderr.write('skipped: this process may not mount file systems\n');
  return test.skip as typeof test;
}

/**
 * The same as another user, where these directories are mounted apart from the host's: a container may forbid it, and this build may lie
 * in one of them.
 */
export function asNobodyInOwnMounts(directories: readonly string[]): typeof test {
  const used = [process.cwd(), process.execPath];
  const isHidden = directories.some((mounted) => used.some((path) => path.startsWith(`${mounted}/`)));
  if (!isHidden && spawnSync('unshare', ['--mount', 'true']).status === 0) return asNobody();
  process.stderr.write(
    'skipped: this process may not mount directories of its own, or lies in one of them\n',
  );
  return test.skip as typeof test;
}

/** The folder of public test data: `../shared/conformance`, or where PKIXD_CONFORMANCE says. */
const CONFORMANCE = resolve(process.env['PKIXD_CONFORMANCE'] ?? '../shared/conformance');

/** A test that reads a file or folder of it; '' is the whole. */
export function testWithData(
  claim: string,
  file: string,
  body: (path: string) => void | Promise<void>,
): void {
  const path = join(CONFORMANCE, file);
  const run = existsSync(path) ? test : skipped(`there is no ${path}: ${claim}`);
  run(claim, () => body(path));
}

function skipped(why: string): typeof test {
  if (process.env['PKIXD_NO_SKIP'] !== undefined) return test;
  // Not the console: jest keeps what a suite says there to itself when all of the suite is skipped.
  process.stderr.write(`skipped: ${why}\n`);
  return test.skip as typeof test;
}
