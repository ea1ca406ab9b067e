import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonLine } from '../src/json-line.js';

test('a line of JSON holds no character that ends it for some reader, and says the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.string({ unit: 'binary' }), (value, text) => {
      const line = jsonLine({ value, text });
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ value, text })));
    }),
  );
});

test.each(['\n', '\u0085', '\u2028', '\u202e', '\u200b', '\u{e0041}', '\ufeff'])('%j is escaped', (end) => {
  const line = jsonLine({ message: `a${end}b` });
  expect(line).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(line)).toEqual({ message: `a${end}b` });
});
