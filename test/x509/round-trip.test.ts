import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCertificate } from '../../src/x509/certificate.js';
import { findEntry, parseCrl } from '../../src/x509/crl.js';
import { DerReader } from '../../src/x509/der.js';
import { writeElement } from '../../src/x509/der-writer.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import { createCertificate, createCrl, createRoot } from '../pki/pki.js';

const key = newKey('ed25519');
const second = (from: string, to: string): fc.Arbitrary<Date> =>
  fc
    .integer({ min: Date.parse(from) / 1000, max: Date.parse(to) / 1000 })
    .map((seconds) => new Date(seconds * 1000));

/** The value of an INTEGER's content octets, by a way of its own. */
const valueOf = (octets: Uint8Array): bigint =>
  BigInt.asIntN(8 * octets.length, BigInt(`0x${Buffer.from(octets).toString('hex')}`));

test('every INTEGER reads back to its value, and as a count up to 2^48', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 200n), max: 1n << 200n }), (value) => {
      const reader = new DerReader(der.integer(value));
      reader.integer('number');
      expect(valueOf(reader.content())).toBe(value);
      expect(reader.done).toBe(true);
      if (value >= 0n && value < 1n << 48n)
        expect(new DerReader(der.integer(value)).unsigned('number')).toBe(Number(value));
    }),
  );
});

test('an element of any length, nested at will, is found again octet for octet', () => {
  const content = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(70_000)));
  fc.assert(
    fc.property(content, fc.nat({ max: 20 }), (octets, depth) => {
      let bytes = writeElement(0x04, octets);
      expect(Buffer.from(bytes).equals(Buffer.from(der.octetString(octets)))).toBe(true);
      for (let i = 0; i < depth; i++) bytes = writeElement(0x30, bytes);
      const reader = new DerReader(bytes);
      for (let i = 0; i < depth; i++) reader.enter(0x30, 'nesting');
      reader.expect(0x04, 'content');
      expect(Buffer.from(reader.content()).equals(Buffer.from(octets))).toBe(true);
      expect(reader.done).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('named bits read back as the mask of just these bits', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 30 })), (bits) => {
      const mask = bits.reduce((sum, bit) => sum | (1 << bit), 0);
      expect(new DerReader(der.namedBits(...bits)).namedBits('bits')).toBe(mask);
    }),
  );
});

test('what is written into a certificate is what is read from it', () => {
  const description = fc.record({
    serial: fc.bigInt({ min: -(1n << 160n), max: 1n << 160n }),
    notBefore: second('1950-01-01', '2100-01-01'),
    notAfter: second('1950-01-01', '9999-12-31'),
    subject: fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
    pathLength: fc.option(fc.nat({ max: 1000 }), { nil: undefined }),
    hosts: fc.array(fc.domain(), { minLength: 1, maxLength: 5 }),
    critical: fc.boolean(),
  });
  fc.assert(
    fc.property(description, ({ subject, pathLength, hosts, critical, ...rest }) => {
      const name = der.commonName(subject);
      const { der: bytes } = createCertificate({
        ...rest,
        subject: name,
        key,
        extensions: [
          ext.basicConstraints(pathLength === undefined ? { critical } : { pathLength, critical }),
          ext.subjectAltName(...hosts.map(ext.generalName.dns)),
        ],
      });
      const read = parseCertificate(bytes);
      expect(valueOf(read.serial)).toBe(rest.serial);
      expect([read.notBefore, read.notAfter]).toEqual([rest.notBefore.getTime(), rest.notAfter.getTime()]);
      expect(Buffer.from(read.subject.der).equals(Buffer.from(name))).toBe(true);
      expect(read.basicConstraints).toEqual({
        ca: true,
        critical,
        ...(pathLength !== undefined && { pathLength }),
      });
      expect(read.subjectAltName).toEqual(hosts.map((value) => ({ kind: 'dns', value })));
      expect(read.extensions.map(({ oid }) => oid)).toEqual([OID.basicConstraints, OID.subjectAltName]);
      expect(Buffer.from(read.spki).equals(Buffer.from(key.spki))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a CRL lists the serial numbers written into it, each with its date and reason, and no other', () => {
  const issuer = createRoot({ key });
  const serial = fc.bigInt({ min: 1n, max: 1n << 150n });
  const reasons = [
    'unspecified',
    'keyCompromise',
    'cACompromise',
    'affiliationChanged',
    'superseded',
  ] as const;
  const entry = fc.record({
    serial,
    date: second('1950-01-01', '2100-01-01'),
    reason: fc.nat({ max: reasons.length - 1 }),
  });
  const entries = fc.uniqueArray(entry, { maxLength: 30, selector: (one) => one.serial });
  fc.assert(
    fc.property(entries, serial, (revoked, other) => {
      const crl = parseCrl(
        createCrl(issuer, {
          revoked: revoked.map(({ reason, ...rest }) => ({ ...rest, extensions: [ext.reasonCode(reason)] })),
        }).der,
      );
      const contentOf = (number: bigint): Uint8Array => der.integer(number).subarray(2);
      for (const { serial: number, date, reason } of revoked) {
        const found = findEntry(crl, contentOf(number));
        expect(found).toMatchObject({ date: date.getTime(), reason: reasons[reason] });
      }
      if (!revoked.some((one) => one.serial === other))
        expect(findEntry(crl, contentOf(other))).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});
