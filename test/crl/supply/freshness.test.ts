import { expect, test } from '@jest/globals';
import { refreshAt } from '../../../src/crl/supply/freshness.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Minutes after its fetching at which a CRL that was issued then is due. */
function due(lifetime: number | null, refresh: number, random = 0): number {
  const nextUpdate = lifetime === null ? null : lifetime * MINUTE;
  return refreshAt({ fetchedAt: 0, thisUpdate: 0, nextUpdate }, refresh, random) / MINUTE;
}

test('a CRL that lives long is due after the refresh interval', () => {
  expect(due(7 * 24 * 60, HOUR)).toBe(60);
});

test('a CRL that lives short is due a tenth of its life before its nextUpdate', () => {
  expect(due(30, HOUR)).toBe(27);
});

test('a CRL without nextUpdate is due after the refresh interval', () => {
  expect(due(null, HOUR)).toBe(60);
});

test('a CRL whose successor is overdue is asked for again, but not at once', () => {
  expect(due(-10, HOUR)).toBe(1);
  expect(due(-10, 1000)).toBe(1000 / MINUTE);
});

test('chance only ever makes it earlier, by a tenth of the wait at most', () => {
  expect(due(7 * 24 * 60, HOUR, 0.999)).toBeGreaterThan(54);
  expect(due(7 * 24 * 60, HOUR, 0.999)).toBeLessThan(55);
});
