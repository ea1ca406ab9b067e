import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@jest/globals';

/** Where the public test data lies; it is no part of this repository. */
const FOLDER = process.env['PKIXD_CONFORMANCE'] ?? join(import.meta.dirname, '../../../shared/conformance');

/** A test over the conformance data: skipped aloud where that is absent, and failed there with PKIXD_NO_SKIP. */
export function testWithData(claim: string, file: string, body: (path: string) => void): void {
  const path = join(FOLDER, file);
  if (existsSync(path) || process.env['PKIXD_NO_SKIP'] !== undefined) {
    test(claim, () => body(path));
  } else {
    console.log(`skipped, there is no ${path}: ${claim}`);
    test.skip(claim, () => body(path));
  }
}
