import { expect, test } from '@jest/globals';
import { retryAt } from '../../../src/crl/fetch/retry-policy.js';

const LIMITS = { base: 1000, most: 60_000 };
const at = (count: number, random = 0, retryAfter?: number) =>
  retryAt({ count, at: 5000, retryAfter }, LIMITS, random) - 5000;

test('the wait doubles with each failure up to its limit, however many there are', () => {
  expect([1, 2, 3, 6, 7, 8, 1000].map((count) => at(count))).toEqual([
    1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000,
  ]);
});

test('chance takes off up to a quarter', () => {
  expect(at(1, 0.5)).toBe(875);
  expect(at(8, 0.999999)).toBe(45_000);
});

test('what the server asks for is the least, and a day the most of it', () => {
  expect(at(1, 0.9, 30_000)).toBe(30_000);
  expect(at(3, 0, 2000)).toBe(4000);
  expect(at(1, 0, 365 * 86_400_000)).toBe(86_400_000);
});
