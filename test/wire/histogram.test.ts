import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { Histogram } from '../../src/wire/histogram.js';

/** Microseconds, of every size. */
const values = fc.array(fc.oneof(fc.nat(40), fc.nat(10_000), fc.nat(2 ** 31 - 1)), {
  minLength: 1,
  maxLength: 200,
});

function of(microseconds: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of microseconds) histogram.record(value / 1000);
  return histogram;
}

test('a quantile is the value of that rank, or up to a sixteenth more', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
      const found = of(all).quantile(share) * 1000;
      expect(found).toBeGreaterThanOrEqual(exact * 0.999_999);
      expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 16) + 1e-6);
    }),
  );
});

test('sums and differences are those of the values', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const both = of(a).plus(of(b));
      expect(both).toEqual(of([...a, ...b]));
      expect(both.minus(of(a))).toEqual(of(b));
    }),
  );
});

test('what one process writes another reads, at whatever offset, and nothing else', () => {
  const histogram = of([1, 17, 5000]);
  const shifted = Buffer.concat([Buffer.alloc(3), histogram.bytes()]).subarray(3);
  expect(Histogram.from(shifted)).toEqual(histogram);
  for (const other of [histogram.bytes().subarray(4), 'text', null])
    expect(Histogram.from(other)).toBeUndefined();
});

test('what is beyond its range counts as the end of it', () => {
  const histogram = new Histogram();
  for (const wild of [-5, 1e12, Infinity]) histogram.record(wild);
  expect(histogram.total).toBe(3);
  expect(histogram.quantile(0)).toBe(0);
  expect(histogram.quantile(1)).toBe((2 ** 31 - 1) / 1000);
});

test('without values every quantile is 0', () => {
  expect(new Histogram().quantile(0.99)).toBe(0);
});
