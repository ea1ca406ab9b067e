import { expect, test } from '@jest/globals';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.js';

test.each([
  ['250ms', 250],
  ['10s', 10_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
  [' 5 m ', 300_000],
  ['42', 42],
  [42, 42],
])('a duration of %j is %d ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['', 's', '10 parsecs', '-1s', '1e3', '10S', '0.0001s', 1.5, NaN, null, true, '9999999999999d'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('a size is binary, and decimal units are refused', () => {
  expect([parseSize('64KiB'), parseSize('8MiB'), parseSize('1GiB'), parseSize(7)]).toEqual([
    65_536, 8_388_608, 1_073_741_824, 7,
  ]);
  expect([parseSize('64KB'), parseSize('64k'), parseSize('1.3B')]).toEqual([undefined, undefined, undefined]);
});

test('a quantity is written in the largest unit that divides it, and reads back the same', () => {
  expect([90_000, 60_000, 250, 0].map(formatDuration)).toEqual(['90s', '1m', '250ms', '0ms']);
  expect([65_536, 1000, 8_388_608].map(formatSize)).toEqual(['64KiB', '1000B', '8MiB']);
});
