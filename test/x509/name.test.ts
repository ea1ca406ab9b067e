import { expect, test } from '@jest/globals';
import { DerReader } from '../../src/x509/der.js';
import { appendRdn, formatName, type Name, readName, sameName } from '../../src/x509/name.js';
import { OID } from '../../src/x509/oid.js';
import { X509Error } from '../../src/x509/x509-error.js';
import * as der from '../pki/der-builder.js';

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
  ['case, in a string type without a rule', cn(der.ia5String('A')), cn(der.ia5String('a'))],
  ['the string type, where one has no rule', cn(der.bmpString('a')), utf8('a')],
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

test('values with prohibited characters equal only themselves', () => {
  expect(sameName(utf8('\ufffdA'), utf8('\ufffdA'))).toBe(true);
  expect(sameName(utf8('\ufffdA'), utf8('\ufffda'))).toBe(false);
});

test('marks piled up without end are not normalised, which would take minutes', () => {
  const piled = (base: string): Name => utf8(base + '\u0301\u0316\uff9e'.repeat(50_000));
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
