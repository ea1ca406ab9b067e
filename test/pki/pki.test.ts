import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { KeyType } from './keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from './pki.js';

const TYPES: readonly KeyType[] = ['rsa-2048', 'rsa-pss', 'p-256', 'p-384', 'ed25519', 'ed448'];

test.each(TYPES)('the test PKI with %s keys makes chains that OpenSSL accepts', (type) => {
  const root = createRoot({ key: type });
  const intermediate = createIntermediate(root, { key: type, pathLength: 0 });
  const leaf = createLeaf(intermediate, { key: type, dns: ['a.example', 'b.example'] });

  const [r, i, l] = [root, intermediate, leaf].map(({ der }) => new X509Certificate(der));
  expect(r!.verify(r!.publicKey)).toBe(true);
  expect(i!.verify(r!.publicKey)).toBe(true);
  expect(i!.checkIssued(r!)).toBe(true);
  expect(l!.verify(i!.publicKey)).toBe(true);
  expect(l!.subjectAltName).toBe('DNS:a.example, DNS:b.example');
  expect(l!.serialNumber).toBe(Buffer.from(leaf.serial).toString('hex').toUpperCase());
});

test('a CRL carries the PEM of its DER', () => {
  const crl = createCrl(createRoot(), { revoked: [{ serial: 5 }] });
  const base64 = crl.pem.split('\n').slice(1, -2).join('');
  expect(Buffer.from(base64, 'base64').equals(crl.der)).toBe(true);
});
