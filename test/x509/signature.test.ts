import { constants, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { type AlgorithmIdentifier, readAlgorithm } from '../../src/x509/algorithm.js';
import { DerReader } from '../../src/x509/der.js';
import { OID } from '../../src/x509/oid.js';
import { importPublicKey } from '../../src/x509/public-key.js';
import { signatureDigest, verifySignature } from '../../src/x509/signature.js';
import * as der from '../pki/der-builder.js';
import {
  algorithmOf,
  type Digest,
  type KeyPair,
  type KeyType,
  newKey,
  pssParameters,
  signWith,
} from '../pki/keys.js';

const data = Buffer.from('what is signed');
const keys = new Map<KeyType, KeyPair>();
function keyOf(type: KeyType): KeyPair {
  const key = keys.get(type) ?? newKey(type);
  keys.set(type, key);
  return key;
}
const read = (bytes: der.Der): AlgorithmIdentifier => readAlgorithm(new DerReader(bytes), 'algorithm');
const algorithm = (oid: string, ...parameters: der.Der[]): AlgorithmIdentifier =>
  read(der.sequence(der.oid(oid), ...parameters));
const publicKey = (type: KeyType): ReturnType<typeof importPublicKey> => importPublicKey(keyOf(type).spki);

test.each<[KeyType, Digest, string]>([
  ['rsa-2048', 'sha1', 'sha1'],
  ['rsa-2048', 'sha224', 'sha224'],
  ['rsa-2048', 'sha256', 'sha256'],
  ['rsa-2048', 'sha384', 'sha384'],
  ['rsa-2048', 'sha512', 'sha512'],
  ['rsa-pss', 'sha256', 'sha256'],
  ['rsa-pss', 'sha512', 'sha512'],
  ['p-256', 'sha1', 'sha1'],
  ['p-256', 'sha256', 'sha256'],
  ['p-384', 'sha384', 'sha384'],
  ['p-256', 'sha512', 'sha512'],
  ['ed25519', 'sha256', 'none'],
  ['ed448', 'sha256', 'none'],
])('a signature of %s with %s verifies, and no other signature does', (type, digest, name) => {
  const key = keyOf(type);
  const used = read(algorithmOf(key, digest));
  const signature = Buffer.from(signWith(key, digest, data));
  expect(signatureDigest(used)).toBe(name);
  expect(verifySignature(used, data, signature, publicKey(type))).toBe(true);
  expect(verifySignature(used, Buffer.from('else'), signature, publicKey(type))).toBe(false);
  expect(verifySignature(used, data, signature, importPublicKey(newKey(type).spki))).toBe(false);
  expect(verifySignature(used, data, signature.subarray(1), publicKey(type))).toBe(false);
  expect(verifySignature(used, data, Buffer.alloc(0), publicKey(type))).toBe(false);
  const broken = Buffer.from(signature);
  broken[broken.length - 1]! ^= 1;
  expect(verifySignature(used, data, broken, publicKey(type))).toBe(false);
});

test('an algorithm that does not fit the key verifies nothing', () => {
  const types: readonly KeyType[] = ['rsa-2048', 'p-256', 'ed25519', 'ed448'];
  for (const signer of types) {
    const used = read(algorithmOf(keyOf(signer), 'sha256'));
    const signature = signWith(keyOf(signer), 'sha256', data);
    for (const other of types)
      expect(verifySignature(used, data, signature, publicKey(other))).toBe(other === signer);
  }
});

test('an RSASSA-PSS key verifies no PKCS #1 v1.5, and an RSA key verifies both', () => {
  const { spki } = keyOf('rsa-2048');
  const asPss = der.sequence(der.sequence(der.oid(OID.rsassaPss)), spki.subarray(spki.length - 275));
  const pkcs1 = sign('sha256', data, keyOf('rsa-2048').privateKey);
  expect(importPublicKey(asPss).kind).toBe('rsa-pss');
  expect(verifySignature(algorithm(OID.sha256WithRsa), data, pkcs1, importPublicKey(asPss))).toBe(false);
  const pss = signPss(32);
  for (const key of [importPublicKey(asPss), publicKey('rsa-2048')])
    expect(verifySignature(algorithm(OID.rsassaPss, pssParameters('sha256')), data, pss, key)).toBe(true);
});

function signPss(saltLength: number): Buffer {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign('sha256', data, { key: keyOf('rsa-2048').privateKey, padding, saltLength });
}

test('the salt must have the length that the parameters say', () => {
  const used = algorithm(OID.rsassaPss, pssParameters('sha256'));
  expect(verifySignature(used, data, signPss(20), publicKey('rsa-2048'))).toBe(false);
});

test('an RSASSA-PSS signature that begins with a zero octet is refused without it', () => {
  const key = keyOf('rsa-pss');
  const used = read(algorithmOf(key, 'sha256'));
  let signature: Buffer;
  // One in 256 does.
  do signature = Buffer.from(signWith(key, 'sha256', data));
  while (signature[0] !== 0);
  expect(verifySignature(used, data, signature, publicKey('rsa-pss'))).toBe(true);
  expect(verifySignature(used, data, signature.subarray(1), publicKey('rsa-pss'))).toBe(false);
});

test('a restricted RSASSA-PSS key verifies only what its parameters allow', () => {
  const { spki } = keyOf('rsa-2048');
  const restricted = (digest: 'sha256' | 'sha384'): der.Der =>
    der.sequence(
      der.sequence(der.oid(OID.rsassaPss), pssParameters(digest)),
      spki.subarray(spki.length - 275),
    );
  const used = algorithm(OID.rsassaPss, pssParameters('sha256'));
  const verdicts = (['sha256', 'sha384'] as const).map((digest) =>
    verifySignature(used, data, signPss(32), importPublicKey(restricted(digest))),
  );
  expect(verdicts).toEqual([true, false]);
});

const sha256 = der.sequence(der.oid(OID.sha256));
const mgf = (digest: der.Der): der.Der => der.explicit(1, der.sequence(der.oid(OID.mgf1), digest));

test.each([
  ['absent parameters', [], 'MALFORMED'],
  ['NULL parameters', [der.derNull()], 'MALFORMED'],
  ['another digest for MGF1', [pssParameters('sha256', 'sha512')], 'UNSUPPORTED_ALGORITHM'],
  ['MGF1 left at SHA-1', [der.sequence(der.explicit(0, sha256))], 'UNSUPPORTED_ALGORITHM'],
  [
    'an unknown digest',
    [der.sequence(der.explicit(0, der.sequence(der.oid('1.2.3'))))],
    'UNSUPPORTED_ALGORITHM',
  ],
  ['another trailer', [der.sequence(der.explicit(3, der.integer(2)))], 'MALFORMED'],
  ['a negative salt', [der.sequence(der.explicit(2, der.integer(-1)))], 'MALFORMED'],
  [
    'a fifth field',
    [der.sequence(der.explicit(0, sha256), mgf(sha256), der.explicit(4, der.integer(1)))],
    'MALFORMED',
  ],
])('RSASSA-PSS with %s is not verified', (_what, parameters, code) => {
  const used = algorithm(OID.rsassaPss, ...parameters);
  const thrown = expect.objectContaining({ code });
  expect(() => verifySignature(used, data, signPss(32), publicKey('rsa-2048'))).toThrow(thrown);
  expect(() => signatureDigest(used)).toThrow(thrown);
});

test('a salt too long for the key verifies nothing', () => {
  const huge = der.sequence(der.explicit(0, sha256), mgf(sha256), der.explicit(2, der.integer(1n << 40n)));
  expect(verifySignature(algorithm(OID.rsassaPss, huge), data, signPss(32), publicKey('rsa-2048'))).toBe(
    false,
  );
});

test('RSA PKCS #1 v1.5 takes NULL and absent parameters and no others', () => {
  const signature = sign('sha256', data, keyOf('rsa-2048').privateKey);
  const key = publicKey('rsa-2048');
  expect(verifySignature(algorithm(OID.sha256WithRsa), data, signature, key)).toBe(true);
  expect(verifySignature(algorithm(OID.sha256WithRsa, der.derNull()), data, signature, key)).toBe(true);
  expect(() => verifySignature(algorithm(OID.sha256WithRsa, der.integer(1)), data, signature, key)).toThrow(
    'parameters',
  );
});

test.each([
  ['sha1', OID.ecdsaWithSha1],
  ['sha224', OID.ecdsaWithSha224],
  ['sha256', OID.ecdsaWithSha256],
  ['sha384', OID.ecdsaWithSha384],
  ['sha512', OID.ecdsaWithSha512],
] as const)('ECDSA with %s takes NULL and absent parameters and no others', (digest, oid) => {
  const signature = signWith(keyOf('p-256'), digest, data);
  const verified = (...parameters: der.Der[]): boolean =>
    verifySignature(algorithm(oid, ...parameters), data, signature, publicKey('p-256'));
  expect(verified()).toBe(true);
  expect(verified(der.derNull())).toBe(true);
  const malformed = expect.objectContaining({ code: 'MALFORMED' });
  for (const other of [der.integer(1), der.sequence(), der.oid(OID.prime256v1), der.raw(5, 1, 0)])
    expect(() => verified(other)).toThrow(malformed);
});

test.each<[string, KeyType]>([
  [OID.ed25519, 'ed25519'],
  [OID.ed448, 'ed448'],
])('%s takes no parameters', (oid, type) => {
  const signature = signWith(keyOf(type), 'sha256', data);
  expect(() => verifySignature(algorithm(oid, der.derNull()), data, signature, publicKey(type))).toThrow(
    expect.objectContaining({ code: 'MALFORMED' }),
  );
});

test('an ECDSA value must be DER', () => {
  const used = algorithm(OID.ecdsaWithSha256);
  const key = publicKey('p-256');
  const signature = signWith(keyOf('p-256'), 'sha256', data);
  const longForm = Buffer.concat([der.raw(0x30, 0x81), signature.subarray(1)]);
  const zero = der.sequence(der.integer(0), der.integer(0));
  const raw = sign('sha256', data, { key: keyOf('p-256').privateKey, dsaEncoding: 'ieee-p1363' });
  expect(verifySignature(used, data, signature, key)).toBe(true);
  for (const wrong of [longForm, Buffer.concat([signature, der.raw(0)]), zero, raw])
    expect(verifySignature(used, data, wrong, key)).toBe(false);
});

test.each(['1.2.840.113549.1.1.4', '1.2.840.113549.1.1.2', '1.2.3'])('%s is UNSUPPORTED_ALGORITHM', (oid) => {
  const thrown = expect.objectContaining({ code: 'UNSUPPORTED_ALGORITHM' });
  const used = algorithm(oid, der.derNull());
  expect(() => verifySignature(used, data, Buffer.alloc(256), publicKey('rsa-2048'))).toThrow(thrown);
});
