import { expect, test } from '@jest/globals';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { type KeyPair, newKey } from '../pki/keys.js';
import { createCertificate, createIntermediate, createRoot, type Issued } from '../pki/pki.js';
import { ask } from './scene.js';

/** Certificates made to cost much: they pass, or are refused by a code that says why, and never by a crash. */
const { dns, dn, ip, other, rfc822, uri } = ext.generalName;
const key = newKey('p-256');
const root = createRoot({ key });

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const leafWith = (issuer: Issued, ...names: readonly der.Der[]): Issued =>
  createCertificate({ key, issuer, subject: der.name(), extensions: [ext.subjectAltName(...names)] });

const codeOf = (...certificates: readonly Issued[]): string => ask({ anchors: [root] }, certificates).code;

const organization = (index: number): der.Der => der.name(['2.5.4.6', 'US'], ['2.5.4.10', `Bank ${index}`]);

test.each([
  ['dNSName', (i: number) => dns(`t${i}.test`), (i: number) => dns(`a.t${i}.test`)],
  ['rfc822Name', (i: number) => rfc822(`t${i}.test`), (i: number) => rfc822(`me@t${i}.test`)],
  ['uniformResourceIdentifier', (i: number) => uri(`t${i}.test`), (i: number) => uri(`http://t${i}.test/`)],
  ['directoryName', (i: number) => dn(organization(i)), (i: number) => dn(organization(i))],
  [
    'iPAddress',
    (i: number) => ip(10, 0, i >> 8, i & 255, 255, 255, 255, 255),
    (i: number) => ip(10, 0, i >> 8, i & 255),
  ],
])('%s: 1,048,576 comparisons are made, not one more', (_form, base, name) => {
  const constrained = (excluded: number): Issued =>
    createIntermediate(root, {
      key,
      extensions: [
        ext.nameConstraints({
          permitted: times(512, base),
          excluded: times(excluded, (index) => base(index + 1024)),
        }),
      ],
    });
  const names = times(1024, (index) => name(index % 512));
  const [exact, over] = [constrained(512), constrained(513)];
  expect(codeOf(leafWith(exact, ...names), exact)).toBe('OK');
  expect(codeOf(leafWith(over, ...names), over)).toBe('BUDGET_EXCEEDED');
  expect(codeOf(leafWith(over, ...names.slice(1)), over)).toBe('OK');
});

test('comparisons are counted over all CAs of a path, and for names of the constrained forms alone', () => {
  const subtrees = { permitted: times(512, (index) => dns(`t${index}.test`)) };
  const options = { key, extensions: [ext.nameConstraints(subtrees)] };
  const upper = createIntermediate(root, { ...options, subject: 'upper' });
  const lower = createIntermediate(upper, { ...options, subject: 'lower' });
  const leafOf = (count: number): Issued =>
    leafWith(lower, ...times(count, () => dns('t1.test')), ...times(2048, () => rfc822('me@t1.test')));
  expect(codeOf(leafOf(1024), lower, upper)).toBe('OK');
  expect(ask({ anchors: [root] }, [leafOf(1024), lower, upper], { hosts: ['t1.test'] }).code).toBe('OK');
  expect(codeOf(leafOf(1025), lower, upper)).toBe('BUDGET_EXCEEDED');
});

/** A NULL within so many SEQUENCEs. */
function nested(depth: number): der.Der {
  const headers: der.Der[] = [der.derNull()];
  for (let length = 2, level = 0; level < depth; level++) {
    const header = der.header(0x30, length);
    headers.push(header);
    length += header.length;
  }
  return Buffer.concat(headers.toReversed());
}

test('nesting of any depth is refused where it is looked into, and passed over where it is not', () => {
  const deep = nested(50_000);
  const issue = (options: object): Issued =>
    createCertificate({ key, issuer: root, subject: 'deep', ...options });
  const held = (oid: string): Issued => issue({ extensions: [ext.extension(oid, deep)] });
  expect(codeOf(held('1.2.3'))).toBe('OK');
  expect(codeOf(issue({ extensions: [ext.subjectAltName(other('1.2.3', nested(4000)))] }))).toBe('OK');
  expect(codeOf(issue({ subject: der.name(['2.5.4.3', nested(4000)]) }))).toBe('OK');
  expect(codeOf(held(OID.subjectAltName))).toBe('MALFORMED');
  expect(codeOf(held(OID.certificatePolicies))).toBe('MALFORMED');
  expect(codeOf(held(OID.nameConstraints))).toBe('MALFORMED');
  expect(codeOf(issue({ key: { ...key, spki: deep } }))).toBe('MALFORMED');
  expect(codeOf({ ...root, der: Buffer.from(deep) })).toBe('MALFORMED');
});

test('an OID of more than 64 octets is malformed wherever it stands', () => {
  const huge = (octets: number): der.Der =>
    der.element(0x06, Buffer.concat([Buffer.alloc(octets - 1, 0xff), der.raw(1)]));
  const issue = (options: object): Issued =>
    createCertificate({ key, issuer: root, subject: 'huge', ...options });
  const asExtension = (oid: der.Der): Issued =>
    issue({ extensions: [der.sequence(oid, der.octetString(der.derNull()))] });
  const asPurpose = (oid: der.Der): Issued =>
    issue({ extensions: [ext.extension(OID.extendedKeyUsage, der.sequence(oid))] });
  const asAttribute = (oid: der.Der): Issued =>
    issue({ subject: der.sequence(der.set(der.sequence(oid, der.utf8String('a')))) });
  for (const place of [asExtension, asPurpose, asAttribute]) {
    expect(codeOf(place(huge(64)))).toBe('OK');
    expect(codeOf(place(huge(65)))).toBe('MALFORMED');
    expect(codeOf(place(huge(1_000_000)))).toBe('MALFORMED');
  }
});

/** An odd number of so many octets. */
const odd = (octets: number): der.Der => {
  const number = Buffer.alloc(octets, 0x55);
  number[octets - 1] = 0x51;
  return der.element(0x02, number);
};
const rsa = (modulus: der.Der, exponent: der.Der): der.Der =>
  der.sequence(
    der.sequence(der.oid(OID.rsaEncryption), der.derNull()),
    der.bitString(der.sequence(modulus, exponent)),
  );
const dsa = (p: der.Der, q: der.Der, y: der.Der): der.Der =>
  der.sequence(der.sequence(der.oid(OID.dsa), der.sequence(p, q, odd(20))), der.bitString(y));

test.each([
  ['an RSA modulus of 64 kbit', rsa(odd(8192), der.integer(65_537))],
  ['an RSA modulus of 1 MB', rsa(odd(1_000_000), der.integer(65_537))],
  ['an RSA exponent as long as its modulus', rsa(odd(256), odd(256))],
  ['an RSA exponent of 1 MB', rsa(odd(256), odd(1_000_000))],
  ['a DSA prime of 10,000 bits', dsa(odd(1250), odd(20), odd(20))],
  ['a DSA subgroup as long as its prime', dsa(odd(128), odd(128), odd(20))],
  ['a DSA key of 1 MB', dsa(odd(128), odd(20), odd(1_000_000))],
])('a CA with %s has a bad key', (_what, spki) => {
  const bad: KeyPair = { ...key, spki };
  const ca = createIntermediate(root, { key: bad });
  expect(codeOf(createCertificate({ key, issuer: { key, name: ca.name } }), ca)).toBe('BAD_KEY');
});

test('names of any length are told in short', () => {
  const long = createCertificate({
    key,
    issuer: root,
    subject: der.name(...times(16, (index) => ['2.5.4.3', `${index}`.padEnd(1000, 'x')] as const)),
    notAfter: new Date('2021-01-01'),
  });
  const { code, message } = ask({ anchors: [root] }, [long]);
  expect(code).toBe('EXPIRED');
  expect(message.length).toBeLessThan(2000);
});
