import { createHash, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { expect, test } from '@jest/globals';
import { criticalOids, parseAllExtensions, parseCertificate } from '../../src/x509/certificate.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { type CertificateOptions, createCertificate, createLeaf, createRoot } from '../pki/pki.js';

test('a certificate reads as OpenSSL reads it', () => {
  const root = createRoot();
  const leaf = createLeaf(root, { serial: 0x1234n, extensions: [ext.basicConstraints({ ca: false })] });
  const openssl = new X509Certificate(leaf.der);
  const certificate = parseCertificate(leaf.der);
  expect(certificate).toMatchObject({
    version: 3,
    notBefore: Date.parse(openssl.validFrom),
    notAfter: Date.parse(openssl.validTo),
    fingerprint: createHash('sha256').update(leaf.der).digest('hex'),
  });
  expect(Buffer.from(certificate.serial).toString('hex')).toBe('1234');
  expect(Buffer.from(certificate.issuer.der).equals(root.name)).toBe(true);
  expect(Buffer.from(certificate.subject.der).equals(leaf.name)).toBe(true);
  expect(Buffer.from(certificate.spki).equals(leaf.key.spki)).toBe(true);
  expect(Buffer.from(certificate.tbs).equals(leaf.der.subarray(4, 4 + certificate.tbs.length))).toBe(true);
  expect(certificate.signatureAlgorithm).toMatchObject({ oid: OID.ecdsaWithSha256, parameters: null });
  expect(criticalOids(certificate)).toEqual([OID.keyUsage, OID.basicConstraints]);
});

test('a certificate may be a view into a larger buffer', () => {
  const leaf = createLeaf(createRoot());
  const larger = Buffer.concat([Buffer.alloc(33, 1), leaf.der, Buffer.alloc(5, 2)]);
  const certificate = parseCertificate(larger.subarray(33, 33 + leaf.der.length));
  expect(Buffer.from(certificate.spki).equals(leaf.key.spki)).toBe(true);
  expect(certificate.subjectAltName).toEqual([{ kind: 'dns', value: 'leaf.example' }]);
});

test('every root certificate of Node parses whole', () => {
  expect(rootCertificates.length).toBeGreaterThan(100);
  for (const pem of rootCertificates) {
    const bytes = new X509Certificate(pem).raw;
    const certificate = parseCertificate(bytes);
    parseAllExtensions(certificate);
    expect(certificate.basicConstraints?.ca ?? certificate.version === 1).toBe(true);
  }
});

test('versions 1 and 2 are read, without extensions', () => {
  for (const version of [1, 2] as const) {
    const certificate = parseCertificate(createCertificate({ version }).der);
    expect(certificate).toMatchObject({ version, extensions: [] });
    expect(certificate.basicConstraints).toBeUndefined();
  }
});

/** A certificate put together from its parts, so that any of them can be broken. */
function assembled(parts: {
  version?: der.Der[];
  serial?: der.Der;
  inner?: der.Der;
  name?: der.Der;
  validity?: der.Der;
  spki?: der.Der;
  afterKey?: der.Der[];
  outer?: der.Der;
  signature?: der.Der;
  after?: der.Der[];
}): der.Der {
  const algorithm = der.sequence(der.oid(OID.ed25519));
  const year = der.utcTime(new Date('2024-01-01'));
  const {
    version = [der.explicit(0, der.integer(2))],
    serial = der.integer(1),
    inner = algorithm,
    name = der.commonName('x'),
    validity = der.sequence(year, year),
    spki = der.sequence(algorithm, der.bitString(Buffer.alloc(32))),
    afterKey = [],
    outer = algorithm,
    signature = der.bitString(Buffer.alloc(64)),
    after = [],
  } = parts;
  const tbs = der.sequence(...version, serial, inner, name, validity, name, spki, ...afterKey);
  return der.sequence(tbs, outer, signature, ...after);
}

const extensionsOf = (...extensions: der.Der[]): der.Der => der.explicit(3, der.sequence(...extensions));
const v = (number: number): der.Der[] => [der.explicit(0, der.integer(number))];
const unknown = ext.extension('1.2.3.4', der.derNull());

test('the assembled certificate itself is well-formed', () => {
  expect(parseCertificate(assembled({})).version).toBe(3);
  expect(parseCertificate(assembled({ version: [] })).version).toBe(1);
});

test.each([
  ['version 1 written out', assembled({ version: v(0) })],
  ['version 4', assembled({ version: v(3) })],
  ['a serial number that is not minimal', assembled({ serial: der.element(2, der.raw(0, 1)) })],
  ['an empty serial number', assembled({ serial: der.element(2) })],
  ['a time missing', assembled({ validity: der.sequence(der.utcTime(new Date(0))) })],
  ['three times', assembled({ validity: der.sequence(...[1, 2, 3].map((t) => der.utcTime(new Date(t)))) })],
  ['no key', assembled({ spki: der.sequence() })],
  ['a key without algorithm', assembled({ spki: der.sequence(der.sequence(), der.bitString(der.raw(1))) })],
  [
    'a key that is no BIT STRING',
    assembled({ spki: der.sequence(der.sequence(der.oid(OID.ed25519)), der.derNull()) }),
  ],
  ['extensions in version 1', assembled({ version: [], afterKey: [extensionsOf(unknown)] })],
  ['extensions in version 2', assembled({ version: v(1), afterKey: [extensionsOf(unknown)] })],
  [
    'a unique identifier in version 1',
    assembled({ version: [], afterKey: [der.implicit(1, der.raw(0, 1))] }),
  ],
  ['an empty list of extensions', assembled({ afterKey: [extensionsOf()] })],
  ['something after the extensions', assembled({ afterKey: [extensionsOf(unknown), der.derNull()] })],
  ['a signature with unused bits', assembled({ signature: der.bitString(der.raw(0xf0), 4) })],
  ['a fourth element', assembled({ after: [der.derNull()] })],
  ['bytes behind it', Buffer.concat([assembled({}), der.raw(0)])],
  ['a criticality that is neither TRUE nor FALSE', assembled({ afterKey: [extensionsOf(badCritical())] })],
])('a certificate with %s is MALFORMED', (_what, bytes) => {
  expect(() => parseCertificate(bytes)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
});

function badCritical(): der.Der {
  return der.sequence(der.oid('1.2.3.4'), der.element(1, der.raw(3)), der.octetString(der.derNull()));
}

test('unique identifiers are read over in versions 2 and 3', () => {
  const id = der.implicit(1, der.raw(0, 1));
  expect(parseCertificate(assembled({ version: v(1), afterKey: [id] })).version).toBe(2);
});

test('two algorithm identifiers that differ, be it in NULL against nothing, are ALGORITHM_MISMATCH', () => {
  const outer = der.sequence(der.oid(OID.ed25519), der.derNull());
  expect(() => parseCertificate(assembled({ outer }))).toThrow(
    expect.objectContaining({ code: 'ALGORITHM_MISMATCH' }),
  );
});

test.each([2, 30])('the same extension twice among %d is DUPLICATE_EXTENSION', (count) => {
  const others = Array.from({ length: count - 1 }, (_, i) => ext.extension(`1.2.3.${i}`, der.derNull()));
  const bytes = assembled({ afterKey: [extensionsOf(...others, others[0]!)] });
  expect(() => parseCertificate(bytes)).toThrow(expect.objectContaining({ code: 'DUPLICATE_EXTENSION' }));
});

test('criticality FALSE that is written out is no DER', () => {
  const written = der.sequence(der.oid('1.2.3.4'), der.bool(false), der.octetString(der.derNull()));
  expect(() => parseCertificate(assembled({ afterKey: [extensionsOf(written)] }))).toThrow(
    expect.objectContaining({
      code: 'MALFORMED',
      message: 'extensions: 1.2.3.4 has "critical FALSE" written out, which DER leaves out',
    }),
  );
});

test('sign, size and value of the serial number, and the order of the dates, are not the parser’s matter', () => {
  const odd: CertificateOptions[] = [
    { serial: -5n },
    { serial: 0 },
    { serial: 1n << 300n },
    { notBefore: new Date('2030-01-01'), notAfter: new Date('2020-01-01') },
  ];
  for (const options of odd) expect(() => parseCertificate(createCertificate(options).der)).not.toThrow();
});
