import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { prepare } from '../../src/x509/string-preparation.js';

test.each([
  ['sharp s', 'Straße', 'STRASSE'],
  ['capital sharp s', 'STRAẞE', 'strasse'],
  ['final sigma', 'ὈΔΥΣΣΕΎΣ', 'ὀδυσσεύς'],
  ['a ligature', 'ﬃ', 'FFI'],
  ['long s', 'ſ', 'S'],
  ['i with a dot above', 'İ', 'i\u0307'],
  ['a digraph in title case', 'ǅ', 'dž'],
  ['iota beneath', 'ᾼ', 'αι'],
  ['an n that carries an apostrophe', 'ŉ', 'ʼN'],
  ['Cherokee of either case', 'Ꭰ', 'ꭰ'],
  ['the Kelvin sign', '\u212a', 'k'],
  ['full-width letters', 'ＣＡ', 'ca'],
  ['letters composed in two ways', 'Å', 'A\u030a'],
  ['marks in another order, a soft hyphen between them', '\u0345\u00ad\u0301', '\u0301\u0345'],
  ['marks in another order', 'a\u0323\u0302', 'a\u0302\u0323'],
  ['Hangul in pieces', '한', '\u1112\u1161\u11ab'],
  ['spaces of other kinds', 'a\u00a0\u3000\u2028b', ' a\tb\r\n'],
  ['characters of no width', 'a\u200b\u00ad\ufeff\u180b\0b', 'AB'],
  ['nothing but spaces', '   ', ''],
])('%s: %j is %j', (_what, a, b) => {
  expect(prepare(a)).toBeDefined();
  expect(prepare(a)).toBe(prepare(b));
});

test.each([
  ['dotless i', 'ı', 'i'],
  ['an accent', 'é', 'e'],
  ['an acute accent alone and one over nothing', '\u00b4a', '\u0301a'],
  ['a space that carries a mark', 'a \u0301', 'a\u0301'],
  ['a word cut in two', 'ab', 'a b'],
  ['Cyrillic that looks like Latin', '\u0430', 'a'],
])('%s: %j is not %j', (_what, a, b) => {
  expect(prepare(a)).not.toBe(prepare(b));
});

test.each(['\ufffd', '\ue000', '\ud800', '\u0378', '\ufdd0', '\u{10ffff}'])('%j is prohibited', (text) => {
  expect(prepare(`a${text}`)).toBeUndefined();
});

/** Letters whose case is not simple, spaces, marks, and what is mapped to nothing. */
const texts = fc.string({
  unit: fc.constantFrom(
    ...'aAbßẞςσΣıİiI ſﬁﬀǅǆŉᾳᾼΐᏸꭰKÅå'.split(''),
    ' ',
    '\u00a0',
    '\u0301',
    '\u0345',
    '\u00ad',
    '\u00b4',
  ),
  maxLength: 8,
});

test('preparation is final: what is prepared stays as it is', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const prepared = prepare(text);
      expect(prepared === undefined ? undefined : prepare(prepared)).toBe(prepared);
    }),
    { numRuns: 1000 },
  );
});

function withoutSoftHyphens(text: string): string {
  return text.replaceAll('\u00ad', '');
}

test('neither case nor normalisation nor spaces at the ends change what is prepared', () => {
  const changes: readonly ((text: string) => string)[] = [
    // Unicode changes case in decomposed text, where the iota beneath comes last, and comes past no soft hyphen.
    (text) => withoutSoftHyphens(text).normalize('NFD').toUpperCase(),
    (text) => withoutSoftHyphens(text).normalize('NFD').toLowerCase(),
    (text) => text.normalize('NFKD'),
    (text) => `${text}  `,
  ];
  const withoutDotless = texts.map((text) => text.replaceAll('ı', 'x'));
  fc.assert(
    fc.property(withoutDotless, fc.constantFrom(...changes), (text, change) => {
      expect(prepare(change(text))).toBe(prepare(text));
    }),
    { numRuns: 1000 },
  );
});

test('a letter folds as the regular expressions of the runtime fold it, where those fold one to one', () => {
  const unlike: string[] = [];
  for (let point = 0x80; point < 0x2_0000; point++) {
    const letter = String.fromCodePoint(point);
    if (!/^\p{Cased}$/u.test(letter)) continue;
    for (const other of [letter.toLowerCase(), letter.toUpperCase()]) {
      if (other === letter) continue;
      const isSame = new RegExp(`^${letter}$`, 'iu').test(other);
      if (isSame && prepare(letter) !== prepare(other)) unlike.push(letter);
    }
  }
  expect(unlike).toEqual([]);
});
