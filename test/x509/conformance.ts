import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from '@jest/globals';

/** Where the public test data lie: PKIXD_CONFORMANCE, else beside the project. */
const CONFORMANCE = resolve(process.env['PKIXD_CONFORMANCE'] ?? '../shared/conformance');

/**
 * A test that reads the public test data: where they are absent it is skipped, with a line that says so, or it
 * fails when PKIXD_NO_SKIP is set.
 */
export function testWithConformance(name: string, run: (folder: string) => void): void {
  if (existsSync(CONFORMANCE) || process.env['PKIXD_NO_SKIP']) {
    test(name, () => run(CONFORMANCE));
  } else {
    console.log(`skipped, since ${CONFORMANCE} is absent: ${name}`);
    test.skip(name, () => run(CONFORMANCE));
  }
}
