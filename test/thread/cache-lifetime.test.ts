import { expect, test } from '@jest/globals';
import { keepFor, type KeepInputs } from '../../src/thread/cache-lifetime.js';
import type { Verdict, VerdictCode, VerdictStatus } from '../../src/wire/verdict.js';

const NOW = 1_000_000;
const HOUR = 3_600_000;

/** ms that a verdict of this code is kept, by default one that ends in two hours. */
function kept(
  status: VerdictStatus,
  code: VerdictCode,
  inputs: Partial<KeepInputs> = {},
  end: number | null = 2 * HOUR,
): number | undefined {
  const verdict: Verdict = {
    status,
    code,
    message: '',
    subject: null,
    issuer: null,
    serial: null,
    path: [],
    revocation: [],
    policies: [],
    checkedAt: new Date(NOW).toISOString(),
    validUntil: end === null ? null : new Date(NOW + end).toISOString(),
  };
  const until = keepFor(verdict, {
    isForNow: true,
    isShort: false,
    longest: HOUR,
    folder: Infinity,
    now: NOW,
    ...inputs,
  });
  return until && until - NOW;
}

test('a good verdict is kept until it ends, or its CRLs must be seen to be in use', () => {
  expect(kept('valid', 'OK')).toBe(HOUR);
  expect(kept('valid', 'OK', {}, 1000)).toBe(1000);
});

test('what is not sure is kept for a minute', () => {
  expect(kept('valid', 'OK_SOFT')).toBe(60_000);
  expect(kept('invalid', 'REVOKED', {}, null)).toBe(60_000);
  expect(kept('indeterminate', 'CRL_STALE', {}, null)).toBe(60_000);
  expect(kept('valid', 'OK', { isShort: true })).toBe(60_000);
});

test('a folder of CRLs is looked at as often as without the cache', () => {
  expect(kept('valid', 'OK', { folder: 2000 })).toBe(2000);
});

test.each([
  'TIMEOUT',
  'BUDGET_EXCEEDED',
  'INTERNAL',
  'FETCH_FAILED',
  'FETCH_REFUSED',
  'FETCH_LIMIT',
] as const)('%s is never kept', (code) => {
  expect(kept('indeterminate', code, {}, null)).toBeUndefined();
});

test('nothing is kept that says why a CRL was not taken: the next one may be good', () => {
  expect(kept('indeterminate', 'CRL_BAD_SIGNATURE', { isShort: true }, null)).toBeUndefined();
  expect(kept('indeterminate', 'CRL_BAD_SIGNATURE', {}, null)).toBe(60_000);
});

test('nothing is kept that waits for a time to come, or was asked for a past instant', () => {
  expect(kept('invalid', 'NOT_YET_VALID', {}, null)).toBeUndefined();
  expect(kept('valid', 'OK', { isForNow: false })).toBeUndefined();
});
