import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCertificate } from '../../src/x509/certificate.js';
import { RecentOctets } from '../../src/x509/recent-octets.js';
import * as der from '../pki/der-builder.js';
import { createIntermediate, createLeaf, createRoot } from '../pki/pki.js';

test('what is found was kept for these very octets, however many share a slot', () => {
  const octets = fc.uint8Array({ maxLength: 20 });
  fc.assert(
    fc.property(fc.array(octets, { maxLength: 50 }), fc.array(octets, { maxLength: 50 }), (kept, asked) => {
      const recent = new RecentOctets<string>(8);
      for (const bytes of kept) recent.keep(Uint8Array.from(bytes), Buffer.from(bytes).toString('hex'));
      for (const bytes of [...asked, ...kept]) {
        const found = recent.find(bytes, 0, bytes.length);
        if (found !== undefined) expect(found).toBe(Buffer.from(bytes).toString('hex'));
      }
      const last = kept.at(-1);
      if (last) expect(recent.find(last, 0, last.length)).toBe(Buffer.from(last).toString('hex'));
    }),
  );
});

test('certificates of one issuer share its name and their algorithm, and keep nothing of the bytes they came in', () => {
  const ca = createIntermediate(createRoot());
  const first = Buffer.from(createLeaf(ca).der);
  const before = parseCertificate(first);
  const after = parseCertificate(createLeaf(ca).der);
  expect(after.issuer).toBe(before.issuer);
  expect(after.signatureAlgorithm).toBe(before.signatureAlgorithm);
  first.fill(0);
  expect(Buffer.from(after.issuer.der).equals(ca.name)).toBe(true);
  expect(parseCertificate(ca.der).subject.key).toBe(after.issuer.key);
});

test('names that differ in their first octets alone are told apart', () => {
  const [ca, other] = ['A', 'B'].map((letter) =>
    createRoot({ subject: der.commonName(`${letter} long name of a certification authority`) }),
  );
  if (!ca || !other) throw new Error('two were made');
  const [a, b] = [ca, other].map((issuer) => parseCertificate(createLeaf(issuer).der).issuer);
  expect(a?.key).not.toBe(b?.key);
});
