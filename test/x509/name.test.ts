import { expect, test } from '@jest/globals';
import { DerReader } from '../../src/x509/der.js';
import {
  appendRdn,
  formatName,
  mayBeSameName,
  type Name,
  readName,
  sameExactName,
  sameName,
} from '../../src/x509/name.js';
import { OID } from '../../src/x509/oid.js';
import { X509Error } from '../../src/x509/x509-error.js';
import * as der from '../pki/der-builder.js';
import { INCOMPARABLE, PAIRS_OF_TYPES, STRING_WRITERS } from '../pki/strings.js';

const nameOf = (bytes: der.Der): Name => readName(new DerReader(bytes), 'subject');
const cn = (value: der.Der): Name => nameOf(der.name([OID.commonName, value]));
const address = (text: string): Name => nameOf(der.name([OID.emailAddress, der.ia5String(text)]));
const component = (text: string): Name => nameOf(der.name([OID.domainComponent, der.ia5String(text)]));
const utf8 = (text: string): Name => cn(der.utf8String(text));

test.each([
  ['case', utf8('Example CA'), utf8('eXAMPLE ca')],
  ['white space at the ends and repeated inside', utf8('  Example   CA '), utf8('Example CA')],
  ['PrintableString and UTF8String', cn(der.printableString('Example CA')), utf8('Example CA')],
  ['letters composed in two ways', utf8('Zürich'), utf8('Zu\u0308rich')],
  ['case beyond ASCII', utf8('ÉCOLE ΣΟΦΟΣ'), utf8('école σοφος')],
  ['characters of no width', utf8('Exam\u00adple\u200b CA'), utf8('Example CA')],
])('names that differ in %s are the same', (_what, a, b) => {
  expect(sameName(a, b)).toBe(true);
});

test.each([
  ['a letter', utf8('Example CA'), utf8('Example CB')],
  ['white space that separates', utf8('Example CA'), utf8('ExampleCA')],
  ['the attribute', utf8('x'), nameOf(der.name([OID.organizationName, 'x']))],
  [
    'the order of their RDNs',
    nameOf(der.name(['2.5.4.3', 'a'], ['2.5.4.10', 'b'])),
    nameOf(der.name(['2.5.4.10', 'b'], ['2.5.4.3', 'a'])),
  ],
  ['the text, whatever string types carry it', cn(der.bmpString('a')), utf8('b')],
  ['a value that is not a string', cn(der.octetString(Buffer.from('a'))), utf8('a')],
  [
    'structure that a value imitates',
    utf8('a"+2.5.4.3="b'),
    nameOf(der.name(['2.5.4.3', 'a'], ['2.5.4.3', 'b'])),
  ],
  ['one RDN more', utf8('a'), nameOf(der.name(['2.5.4.3', 'a'], ['2.5.4.3', 'a']))],
  [
    'one RDN of two against two RDNs',
    nameOf(der.name(['2.5.4.3', 'a'], ['2.5.4.10', 'b'])),
    nameOf(twoInOne()),
  ],
])('names that differ in %s are not the same', (_what, a, b) => {
  expect(sameName(a, b)).toBe(false);
});

function twoInOne(reverse = false): der.Der {
  const attributes = [der.attributeOf(['2.5.4.3', 'a']), der.attributeOf(['2.5.4.10', 'b'])];
  return der.sequence(der.set(...(reverse ? attributes.toReversed() : attributes)));
}

test('an RDN is a set: the order of its attributes does not count', () => {
  expect(sameName(nameOf(twoInOne()), nameOf(twoInOne(true)))).toBe(true);
});

test('domain components and e-mail addresses are compared without case', () => {
  expect(sameName(address('Info@Example.com'), address('info@example.COM'))).toBe(true);
  expect(sameName(component('EXAMPLE'), component('example'))).toBe(true);
});

test.each(PAIRS_OF_TYPES)('a text is the same in a %s and in a %s', (a, b) => {
  const [own, other] = [cn(STRING_WRITERS[a]('4711 0815')), cn(STRING_WRITERS[b](' 4711  0815 '))];
  expect(sameName(own, other)).toBe(true);
  expect(mayBeSameName(own, other)).toBe(true);
  // What a TeletexString holds is an agreement: it proves nothing.
  const isTeletex = a === 'TeletexString' || b === 'TeletexString';
  expect(sameExactName(own, other)).toBe(!isTeletex);
  expect(sameExactName(own, cn(STRING_WRITERS[a]('4711 0815')))).toBe(true);
});

test.each(PAIRS_OF_TYPES)('two texts are two names in a %s and in a %s', (a, b) => {
  const [own, other] = [cn(STRING_WRITERS[a]('4711')), cn(STRING_WRITERS[b]('4712'))];
  expect([sameName(own, other), sameExactName(own, other), mayBeSameName(own, other)]).toEqual([
    false,
    false,
    false,
  ]);
});

test('letters beyond ASCII are the same in each type that has them', () => {
  const names = [
    utf8('Zürich Ǆ'),
    cn(der.bmpString('zÜRICH ǆ')),
    cn(STRING_WRITERS.UniversalString('Zu\u0308rich Ǆ')),
  ];
  for (const name of names) expect(sameExactName(name, names[0]!)).toBe(true);
  expect(sameName(cn(STRING_WRITERS.TeletexString('Zürich')), utf8('zürich'))).toBe(true);
  const beyond = '\u{10400}';
  expect(sameName(cn(STRING_WRITERS.UniversalString(beyond)), utf8(beyond))).toBe(true);
});

test.each(INCOMPARABLE)('%s equals itself, and may be the same as any other value', (_what, value) => {
  const [own, other] = [cn(value), utf8('another')];
  expect([sameName(own, cn(value)), sameExactName(own, cn(value))]).toEqual([true, true]);
  expect([sameName(own, other), sameExactName(own, other), mayBeSameName(own, other)]).toEqual([
    false,
    false,
    true,
  ]);
  expect(mayBeSameName(other, own)).toBe(true);
  const more = (first: der.Der, second: string): Name =>
    nameOf(der.name(['2.5.4.3', first], ['2.5.4.10', second]));
  expect(mayBeSameName(more(value, 'O'), more(der.utf8String('another'), 'O'))).toBe(true);
  // What stands beside it still tells names apart.
  expect(mayBeSameName(more(value, 'O'), more(value, 'P'))).toBe(false);
  expect(mayBeSameName(own, nameOf(der.name(['2.5.4.10', 'another'])))).toBe(false);
  expect(mayBeSameName(own, more(value, 'O'))).toBe(false);
});

test('in an RDN of several attributes each has to have a partner', () => {
  const rdn = (...attributes: readonly (readonly [string, der.Der])[]): Name =>
    nameOf(der.sequence(der.set(...attributes.map(der.attributeOf))));
  const open = der.utf8String('\ue000');
  const [a, b] = [der.utf8String('a'), der.utf8String('b')];
  const whole = rdn(['2.5.4.3', a], ['2.5.4.10', b]);
  expect(mayBeSameName(rdn(['2.5.4.10', open], ['2.5.4.3', a]), whole)).toBe(true);
  expect(mayBeSameName(rdn(['2.5.4.10', open], ['2.5.4.3', b]), whole)).toBe(false);
  expect(mayBeSameName(rdn(['2.5.4.10', open]), whole)).toBe(false);
  // The same attribute twice is the same set, though DER has no such one.
  expect(sameName(rdn(['2.5.4.3', a], ['2.5.4.3', a]), rdn(['2.5.4.3', a]))).toBe(false);
  expect(mayBeSameName(rdn(['2.5.4.3', a], ['2.5.4.3', a]), rdn(['2.5.4.3', a]))).toBe(true);
});

test('values with prohibited characters equal only themselves', () => {
  expect(sameName(utf8('\ufffdA'), utf8('\ufffdA'))).toBe(true);
  expect(sameName(utf8('\ufffdA'), utf8('\ufffda'))).toBe(false);
});

test('marks piled up without end are not normalised, which would take minutes', () => {
  const piled = (base: string): Name => utf8(base + '\u0301\u0316\uff9e'.repeat(2000));
  expect(sameName(piled('a'), piled('a'))).toBe(true);
  expect(sameName(piled('A'), piled('a'))).toBe(false);
});

test('an empty name is empty', () => {
  expect(nameOf(der.sequence()).empty).toBe(true);
  expect(utf8('').empty).toBe(false);
});

test.each([
  ['an empty RDN', der.sequence(der.set())],
  ['an attribute without value', der.sequence(der.set(der.sequence(der.oid('2.5.4.3'))))],
  ['an attribute of two values', der.name(['2.5.4.3', Buffer.concat([der.utf8String('a'), der.derNull()])])],
  ['UTF-8 that is none', der.name(['2.5.4.3', der.element(0x0c, der.raw(0xc3))])],
  ['an overlong form of UTF-8', der.name(['2.5.4.3', der.element(0x0c, der.raw(0xc0, 0x80))])],
  ['an IA5String beyond ASCII', der.name(['2.5.4.3', der.ia5String('Bornhöved')])],
  ['a string in pieces, as BER has it', der.name(['2.5.4.3', der.element(0x2c, der.utf8String('a'))])],
  ['half a character of a BMPString', der.name(['2.5.4.3', der.element(0x1e, der.raw(0, 65, 0))])],
])('a name with %s is refused', (_what, bytes) => {
  expect(() => nameOf(bytes)).toThrow(X509Error);
});

test('a name is written as RFC 4514 does it, the most specific part first', () => {
  const name = nameOf(
    der.name(
      [OID.countryName, der.printableString('DE')],
      [OID.organizationName, 'Müller, Söhne & "Co"'],
      [OID.commonName, '#1 <a>\u0000 '],
    ),
  );
  expect(formatName(name)).toBe(String.raw`CN=\#1 \<a\>\00\ ,O=Müller\, Söhne & \"Co\",C=DE`);
});

test('an attribute without a short name is written by its OID and the hexadecimal of its value', () => {
  expect(formatName(nameOf(der.name(['1.2.3', der.octetString(der.raw(1, 2))])))).toBe('1.2.3=#04020102');
});

test('a name gets one RDN more', () => {
  const parent = nameOf(der.name([OID.organizationName, 'o'.repeat(120)]));
  const rdn = der.set(der.attributeOf([OID.commonName, 'CRL 1']));
  const whole = nameOf(der.name([OID.organizationName, 'o'.repeat(120)], [OID.commonName, 'crl 1']));
  expect(sameName(appendRdn(parent, rdn), whole)).toBe(true);
});
