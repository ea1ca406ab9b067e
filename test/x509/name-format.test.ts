import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DerReader } from '../../src/x509/der.js';
import { escapeUnseen, SHORT_NAMES } from '../../src/x509/name-format.js';
import { formatName, type Name, readName } from '../../src/x509/name.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';

const nameOf = (bytes: der.Der): Name => readName(new DerReader(bytes), 'subject');
const cn = (value: der.Der | string): string => nameOf(der.name([OID.commonName, value])).text;

/** Control characters, ends of lines, marks of direction, characters without width: none may come out as it is. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;

const character = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\n', '\r', '\u0085', '\u2028', '\u202e', '\u200f', '\u061c', ' '),
  },
);
const value = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(''));
const wellFormed = (text: string): string => Buffer.from(text).toString();
const string = fc.oneof(
  value.map((text) => der.utf8String(text)),
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }).map((text) => der.printableString(text)),
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }).map((text) => der.ia5String(text)),
  value.map((text) => der.bmpString(wellFormed(text))),
);
const type = fc.constantFrom(...SHORT_NAMES.keys(), '2.5.4.42', '1.2.3');
const attribute = fc.tuple(type, string).map(([oid, text]) => der.sequence(der.oid(oid), text));
const rdns = fc.array(fc.array(attribute, { minLength: 1, maxLength: 3 }), { maxLength: 6 });

test('the short way to the text of a name gives what the long way gives', () => {
  fc.assert(
    fc.property(rdns, (list) => {
      const name = nameOf(der.sequence(...list.map((rdn) => der.element(0x31, ...rdn))));
      // A reader before the name has no short way.
      expect(name.text).toBe(formatName({ der: name.der }));
    }),
  );
});

test('no name brings a character into a message that ends a line, turns it round or is not seen', () => {
  fc.assert(
    fc.property(rdns, (list) => {
      const name = nameOf(der.sequence(...list.map((rdn) => der.element(0x31, ...rdn))));
      expect(name.text).not.toMatch(UNSEEN);
    }),
  );
});

test.each([
  ['plain', 'CN=plain'],
  ['two words', 'CN=two words'],
  [' first', String.raw`CN=\ first`],
  ['last ', String.raw`CN=last\ `],
  ['#hash', String.raw`CN=\#hash`],
  ['a#b', 'CN=a#b'],
  ['', 'CN='],
  [' ', String.raw`CN=\ `],
  ['Müller', 'CN=Müller'],
  ['a\nvalid OK CN=b', String.raw`CN=a\0avalid OK CN=b`],
  ['a\u2028b', String.raw`CN=a\e2\80\a8b`],
  ['moc.\u202eelpmaxe', String.raw`CN=moc.\e2\80\aeelpmaxe`],
  ['a\u200fb\u061cc', String.raw`CN=a\e2\80\8fb\d8\9cc`],
  ['zero\u200bwidth\u00ad', String.raw`CN=zero\e2\80\8bwidth\c2\ad`],
  ['a,CN=b', String.raw`CN=a\,CN=b`],
])('"%s" is written %s', (text, expected) => {
  expect(cn(text)).toBe(expected);
});

test('half of a surrogate pair in a BMPString comes out as the replacement character, escaped', () => {
  expect(cn(der.element(0x1e, Buffer.from([0xd8, 0x3d, 0x00, 0x41])))).toBe(String.raw`CN=\ef\bf\bdA`);
});

test('values and names are cut, and never in the middle of a character', () => {
  expect(cn('x'.repeat(256))).toBe(`CN=${'x'.repeat(256)}`);
  expect(cn('x'.repeat(257))).toBe(`CN=${'x'.repeat(256)}…`);
  expect(cn(`${'x'.repeat(255)}🔏`)).toBe(`CN=${'x'.repeat(255)}…`);
  const many = nameOf(
    der.name(...Array.from({ length: 450 }, (): [string, string] => [OID.organizationName, 'o'.repeat(20)])),
  );
  expect(many.text.length).toBeLessThan(1100);
  expect(many.text).toMatch(/…$/);
});

test('a text of the request is cut and made visible, without the escapes of a name', () => {
  expect(escapeUnseen('a+b@c\n', 10)).toBe(String.raw`a+b@c\0a`);
  expect(escapeUnseen('abcdef', 3)).toBe('abc…');
});
