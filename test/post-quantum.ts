import { test } from '@jest/globals';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isThere = major > 24 || (major === 24 && minor >= 8);
if (!isThere) process.stderr.write('skipped: signatures of ML-DSA and SLH-DSA want Node 24.8 or later\n');

/** Tests of ML-DSA and SLH-DSA: the first run where Node has them, the others where it cannot. */
export const withPostQuantum: typeof test = isThere ? test : (test.skip as typeof test);
export const withoutPostQuantum: typeof test = isThere ? (test.skip as typeof test) : test;
