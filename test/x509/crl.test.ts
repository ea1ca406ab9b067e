import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findEntry, parseCrl, withoutEntries } from '../../src/x509/crl.js';
import { DerReader } from '../../src/x509/der.js';
import { ReasonBit } from '../../src/x509/extensions.js';
import { type Name, readName } from '../../src/x509/name.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { createCrl, createRoot, type RevokedEntry } from '../pki/pki.js';

const root = createRoot({ subject: 'CRL Issuer' });
const issuer: Name = readName(new DerReader(root.name), 'issuer');
const nameOf = (text: string): Name => readName(new DerReader(der.commonName(text)), 'issuer');
const serialOf = (value: bigint | number): der.Der => der.integer(value).subarray(2);
const revokedIn = (...revoked: RevokedEntry[]): ReturnType<typeof parseCrl> =>
  parseCrl(createCrl(root, { revoked }).der);
const certificateIssuer = (text: string): der.Der =>
  ext.extension(OID.certificateIssuer, der.sequence(ext.generalName.dn(der.commonName(text))), true);

test('a CRL gives its fields', () => {
  const thisUpdate = new Date('2026-01-02T03:04:05Z');
  const nextUpdate = new Date('2051-01-02T03:04:05Z');
  const { der: bytes } = createCrl(root, {
    thisUpdate,
    nextUpdate,
    revoked: [{ serial: 1 }, { serial: 2 }],
    extensions: [ext.crlNumber(1n << 80n), ext.authorityKeyIdentifier(root.key.spki)],
  });
  const crl = parseCrl(bytes);
  expect(crl).toMatchObject({
    version: 2,
    thisUpdate: thisUpdate.getTime(),
    nextUpdate: nextUpdate.getTime(),
    number: 1n << 80n,
    isDelta: false,
    baseNumber: null,
    entryCount: 2,
    hasCertificateIssuer: false,
    fingerprint: createHash('sha256').update(bytes).digest('hex'),
  });
  expect(crl.issuer.key).toBe(issuer.key);
  expect(crl.authorityKeyIdentifier?.keyIdentifier).toHaveLength(20);
  expect(crl.issuingDistributionPoint).toBeUndefined();
  expect(crl.criticalEntryExtension).toBeUndefined();
});

test('a CRL without entries, nextUpdate and extensions is read, and so is version 1', () => {
  for (const version of [1, 2] as const) {
    const crl = parseCrl(createCrl(root, { version, nextUpdate: null, extensions: [] }).der);
    expect(crl).toMatchObject({ version, nextUpdate: null, entryCount: 0, number: null });
    expect(findEntry(crl, serialOf(1))).toBeUndefined();
  }
});

test('an entry is found with its date and reason', () => {
  const date = new Date('2026-03-04T05:06:07Z');
  const crl = revokedIn(
    { serial: 5, date, extensions: [ext.reasonCode(1)] },
    { serial: 6, date },
    { serial: -5, date },
  );
  expect(findEntry(crl, serialOf(5))).toEqual({ date: date.getTime(), reason: 'keyCompromise' });
  expect(findEntry(crl, serialOf(6))).toEqual({ date: date.getTime() });
  expect(findEntry(crl, serialOf(-5))).toBeDefined();
  expect(findEntry(crl, serialOf(7))).toBeUndefined();
  expect(findEntry(crl, serialOf(5 + 256))).toBeUndefined();
});

test('every serial that is listed is found, and no other', () => {
  const serials = fc.uniqueArray(fc.bigInt({ min: 0n, max: 1n << 100n }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(serials, fc.integer({ min: 0, max: 299 }), (all, cut) => {
      const listed = all.slice(0, cut);
      const crl = revokedIn(...listed.map((serial) => ({ serial })));
      for (const serial of all)
        expect(findEntry(crl, serialOf(serial)) !== undefined).toBe(listed.includes(serial));
    }),
    { numRuns: 25 },
  );
});

test('of two entries for one certificate the one that revokes stands, wherever it is', () => {
  const removed = { serial: 5, extensions: [ext.reasonCode(8)] };
  const revoked = { serial: 5, extensions: [ext.reasonCode(4)] };
  for (const both of [
    [removed, revoked],
    [revoked, removed],
  ]) {
    expect(findEntry(revokedIn(...both), serialOf(5))?.reason).toBe('superseded');
  }
});

/** Neither of RFC 5280; the first is not used, and X.509 knows 11. Then two octets, and a negative one. */
const UNKNOWN_REASONS = [[7], [11], [12], [64], [127], [128], [1, 0], [0, 200], [255, 1]];

test.each(UNKNOWN_REASONS)('an entry with the reason %p revokes as unspecified', (...octets) => {
  const reason = ext.extension(OID.reasonCode, der.raw(0x0a, octets.length, ...octets));
  const comment = ext.extension('1.2.3', der.derNull());
  const crl = revokedIn(
    { serial: 1, extensions: [reason] },
    { serial: 2, extensions: [reason, comment] },
    { serial: 3, extensions: [ext.reasonCode(8)] },
  );
  expect(findEntry(crl, serialOf(1))?.reason).toBe('unspecified');
  expect(findEntry(crl, serialOf(2))?.reason).toBe('unspecified');
  expect(findEntry(crl, serialOf(3))?.reason).toBe('removeFromCRL');
});

test('an empty list of revocations is read as none, and said', () => {
  const crl = parseCrl(createCrl(root, { hasEmptyList: true }).der);
  expect(crl).toMatchObject({ hasEmptyList: true, entryCount: 0, number: 1n });
  expect(findEntry(crl, serialOf(1))).toBeUndefined();
  const header = parseCrl(withoutEntries(crl));
  expect(header).toMatchObject({ hasEmptyList: true, number: 1n });
  expect(revokedIn({ serial: 1 }).hasEmptyList).toBe(false);
  expect(parseCrl(withoutEntries(revokedIn({ serial: 1 }))).hasEmptyList).toBe(false);
});

test('in an indirect CRL an entry belongs to the issuer named last', () => {
  const crl = revokedIn(
    { serial: 1 },
    { serial: 2, extensions: [certificateIssuer('Other CA')] },
    { serial: 3 },
    { serial: 1, extensions: [certificateIssuer('Third CA'), ext.reasonCode(1)] },
    { serial: 4, extensions: [certificateIssuer('crl  issuer')] },
  );
  const listedFor = (name: Name): number[] =>
    [1, 2, 3, 4].filter((serial) => findEntry(crl, serialOf(serial), name) !== undefined);
  expect(crl.hasCertificateIssuer).toBe(true);
  expect(listedFor(issuer)).toEqual([1, 4]);
  expect(listedFor(nameOf('Other CA'))).toEqual([2, 3]);
  expect(listedFor(nameOf('Third CA'))).toEqual([1]);
  expect(listedFor(nameOf('Unknown CA'))).toEqual([]);
  expect(findEntry(crl, serialOf(1))?.reason).toBeUndefined();
  expect(findEntry(crl, serialOf(1), nameOf('third ca'))?.reason).toBe('keyCompromise');
});

const unknown = (critical: boolean): der.Der => ext.extension('1.2.3.4', der.derNull(), critical);

test('an unknown critical entry extension is reported, an uncritical one is not', () => {
  expect(revokedIn({ serial: 1, extensions: [unknown(false)] }).criticalEntryExtension).toBeUndefined();
  const crl = revokedIn({ serial: 1 }, { serial: 2, extensions: [unknown(true)] }, { serial: 3 });
  expect(crl.criticalEntryExtension).toBe('1.2.3.4');
  expect(revokedIn({ serial: 1, extensions: [ext.reasonCode(1)] }).criticalEntryExtension).toBeUndefined();
});

test('a delta CRL names its base', () => {
  const indicator = ext.extension(OID.deltaCrlIndicator, der.integer(3), true);
  const crl = parseCrl(createCrl(root, { extensions: [ext.crlNumber(5), indicator] }).der);
  expect(crl).toMatchObject({ isDelta: true, baseNumber: 3n, number: 5n });
});

test('an issuingDistributionPoint gives all its fields', () => {
  const point = der.explicit(0, der.explicit(0, ext.generalName.uri('http://crl.example/1')));
  const idp = ext.issuingDistributionPoint(
    point,
    der.implicit(1, der.raw(0xff)),
    der.implicit(3, der.namedBitsContent(1, 2)),
    der.implicit(4, der.raw(0xff)),
  );
  expect(parseCrl(createCrl(root, { extensions: [idp] }).der).issuingDistributionPoint).toEqual({
    distributionPoint: { kind: 'fullName', names: [{ kind: 'uri', value: 'http://crl.example/1' }] },
    onlyContainsUserCerts: true,
    onlyContainsCaCerts: false,
    onlySomeReasons: ReasonBit.keyCompromise | ReasonBit.cACompromise,
    indirectCrl: true,
    onlyContainsAttributeCerts: false,
  });
});

const both = ext.issuingDistributionPoint(der.implicit(1, der.raw(0xff)), der.implicit(2, der.raw(0xff)));

test.each([
  ['an empty issuingDistributionPoint', [ext.issuingDistributionPoint()]],
  ['a scope of users and CAs', [both]],
  ['a negative number', [ext.crlNumber(-1)]],
  ['a number of over 20 octets', [ext.crlNumber(1n << 168n)]],
  [
    'an authority key identifier of another type',
    [ext.extension(OID.authorityKeyIdentifier, der.integer(1))],
  ],
])('a CRL with %s is MALFORMED', (_what, extensions) => {
  const { der: bytes } = createCrl(root, { extensions });
  expect(() => parseCrl(bytes)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
});

test.each([
  ['a reason without octets', [ext.extension(OID.reasonCode, der.raw(0x0a, 0))]],
  ['a reason with an octet too many', [ext.extension(OID.reasonCode, der.raw(0x0a, 2, 0, 1))]],
  ['a reason that is an INTEGER', [ext.extension(OID.reasonCode, der.integer(1))]],
  [
    'data behind the reason',
    [ext.extension(OID.reasonCode, Buffer.concat([der.enumerated(1), der.derNull()]))],
  ],
  ['an invalidity date that is a UTCTime', [ext.extension(OID.invalidityDate, der.utcTime(new Date()))]],
  [
    'an issuer that is no distinguished name',
    [ext.extension(OID.certificateIssuer, der.sequence(ext.generalName.dns('a')), true)],
  ],
  ['an issuer of two names', [twoIssuers()]],
])('one entry with %s makes every look-up fail', (_what, extensions) => {
  const crl = revokedIn({ serial: 1 }, { serial: 2, extensions }, { serial: 3 });
  expect(() => findEntry(crl, serialOf(1))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  expect(() => findEntry(crl, serialOf(1))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
});

function twoIssuers(): der.Der {
  const names = ['One CA', 'Other CA'].map((text) => ext.generalName.dn(der.commonName(text)));
  return ext.extension(OID.certificateIssuer, der.sequence(...names), true);
}

test('an entry extension that stands twice is DUPLICATE_EXTENSION', () => {
  const crl = revokedIn({ serial: 1, extensions: [ext.reasonCode(1), ext.reasonCode(2)] });
  expect(() => crl.entryCount).toThrow(expect.objectContaining({ code: 'DUPLICATE_EXTENSION' }));
});

test('entry extensions in a version 1 CRL are refused', () => {
  const { der: bytes } = createCrl(root, {
    version: 1,
    revoked: [{ serial: 1, extensions: [ext.reasonCode(1)] }],
  });
  expect(() => parseCrl(bytes).entryCount).toThrow('version 1');
});
