import { type KeyObject, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { CaKey } from '../../../src/verify/keys/ca-key.js';
import { OID } from '../../../src/x509/oid.js';
import { importPublicKey } from '../../../src/x509/public-key.js';
import { verifySignature } from '../../../src/x509/signature.js';
import { newKey } from '../../pki/keys.js';

const MANY = 100;

function usedOften(key: CaKey): KeyObject {
  for (let use = 0; use < MANY; use++) key.forSignature();
  return key.publicKey.keyObject;
}

test('a key that is used often is imported again, and checks the same signatures', () => {
  const { spki, privateKey } = newKey('p-256');
  const key = new CaKey(spki, importPublicKey(spki));
  const first = key.publicKey.keyObject;
  const algorithm = { oid: OID.ecdsaWithSha256, parameters: null, der: Buffer.alloc(0) };
  const message = Buffer.from('signed');
  const signature = sign('sha256', message, privateKey);
  for (let use = 0; use < MANY; use++) {
    expect(verifySignature(algorithm, message, signature, key.forSignature())).toBe(true);
    expect(verifySignature(algorithm, Buffer.from('other'), signature, key.publicKey)).toBe(false);
  }
  expect(key.publicKey.keyObject).not.toBe(first);
});

test.each(['rsa-2048', 'rsa-pss', 'p-256', 'p-384', 'ed25519'] as const)(
  'a key of type %s stays the same, with all that is known of it',
  (type) => {
    const { spki } = newKey(type);
    const key = new CaKey(spki, importPublicKey(spki));
    const { keyObject: first, ...facts } = key.publicKey;
    expect(usedOften(key).equals(first)).toBe(true);
    expect(key.publicKey).toMatchObject(facts);
  },
);

test.each([
  ['another key', newKey('p-256').spki],
  ['no key', Buffer.from('0500', 'hex')],
])('a key is kept as it was imported where its octets hold %s', (_what, octets) => {
  const key = new CaKey(octets, importPublicKey(newKey('p-256').spki));
  const { keyObject } = key.publicKey;
  expect(usedOften(key)).toBe(keyObject);
});
