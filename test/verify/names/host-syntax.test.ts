import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isHostName } from '../../../src/verify/names/host-syntax.js';

const LABEL = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/i;
/** The same by its definition. */
const byLabels = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((label) => LABEL.test(label));

test.each([
  ['a', true],
  ['a.example', true],
  ['A_B.Example', true],
  ['1.2', true],
  [`${'a'.repeat(63)}.example`, true],
  [`${'a'.repeat(64)}.example`, false],
  [`${'a.'.repeat(126)}a`, true],
  [`${'a.'.repeat(126)}aa`, false],
  ['', false],
  ['.', false],
  ['a.', false],
  ['.a', false],
  ['a..b', false],
  ['-a', false],
  ['a-', false],
  ['a-.b', false],
  ['a.-b', false],
  ['a b', false],
  ['a.example/b', false],
  // The Kelvin sign in lower case is an ASCII letter; the other is not one at all.
  ['\u212A.example', false],
  ['a\u0000', false],
  ['bücher.example', false],
])('%j is a host name: %s', (text, expected) => {
  expect(isHostName(text)).toBe(expected);
});

test('any text is one exactly when all its labels are', () => {
  const near = fc.string({
    unit: fc.constantFrom('a', 'Z', '0', '-', '_', '.', '-', '.', ' ', 'é'),
    maxLength: 12,
  });
  const long = fc
    .array(fc.integer({ min: 60, max: 66 }), { maxLength: 5 })
    .map((lengths) => lengths.map((length) => 'a'.repeat(length)).join('.'));
  fc.assert(
    fc.property(fc.oneof(near, long, fc.string()), (text) => {
      expect(isHostName(text)).toBe(byLabels(text));
    }),
    { numRuns: 3000 },
  );
});
