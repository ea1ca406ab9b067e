import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { DerReader, TAG } from '../../src/x509/der.js';
import { OID } from '../../src/x509/oid.js';
import { importPublicKey } from '../../src/x509/public-key.js';
import * as der from '../pki/der-builder.js';
import { newKey, pssParameters } from '../pki/keys.js';

const badKey = expect.objectContaining({ code: 'BAD_KEY' });
const unsupported = expect.objectContaining({ code: 'UNSUPPORTED_ALGORITHM' });

test.each([
  ['rsa-2048', { kind: 'rsa', bits: 2048 }],
  ['rsa-pss', { kind: 'rsa-pss', bits: 2048 }],
  ['p-256', { kind: 'ec', bits: 256, curve: 'prime256v1' }],
  ['p-384', { kind: 'ec', bits: 384, curve: 'secp384r1' }],
  ['ed25519', { kind: 'ed25519' }],
  ['ed448', { kind: 'ed448' }],
] as const)('a key of type %s is imported', (type, facts) => {
  const key = newKey(type);
  const imported = importPublicKey(key.spki);
  expect(imported).toMatchObject(facts);
  expect(imported.keyObject.equals(key.publicKey)).toBe(true);
});

test.each(['secp224r1', 'secp521r1', 'secp256k1', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'])(
  'the curve %s is known',
  (namedCurve) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve });
    const imported = importPublicKey(publicKey.export({ type: 'spki', format: 'der' }));
    expect(imported).toMatchObject({ kind: 'ec', curve: namedCurve });
    expect(imported.keyObject.equals(publicKey)).toBe(true);
  },
);

const rsaAlgorithm = der.sequence(der.oid(OID.rsaEncryption), der.derNull());
const spki = (algorithm: der.Der, key: der.Der): der.Der => der.sequence(algorithm, der.bitString(key));
const rsa = (modulus: bigint, exponent: bigint): der.Der =>
  spki(rsaAlgorithm, der.sequence(der.integer(modulus), der.integer(exponent)));
const modulus = (bits: number): bigint => (1n << BigInt(bits - 1)) | 1n;

test('an RSA key has the size of its modulus to the bit', () => {
  expect(importPublicKey(rsa(modulus(2047), 65537n)).bits).toBe(2047);
  expect(importPublicKey(rsa(modulus(1024), 3n)).bits).toBe(1024);
  expect(importPublicKey(rsa(modulus(8192), (1n << 32n) + 1n)).bits).toBe(8192);
});

test.each([
  ['exponent 1', rsa(modulus(2048), 1n)],
  ['an even exponent', rsa(modulus(2048), 65536n)],
  ['an exponent beyond 2^33', rsa(modulus(2048), (1n << 33n) + 1n)],
  ['an exponent as long as the modulus', rsa(modulus(2048), modulus(2047))],
  ['a negative exponent', rsa(modulus(2048), -3n)],
  ['a modulus of 1023 bits', rsa(modulus(1023), 3n)],
  ['a modulus of 8193 bits', rsa(modulus(8193), 3n)],
  ['a negative modulus', rsa(-modulus(2048), 3n)],
  ['an even modulus', rsa(modulus(2048) - 1n, 3n)],
  ['modulus 0', rsa(0n, 3n)],
  ['parameters', spki(der.sequence(der.oid(OID.rsaEncryption), der.integer(1)), der.sequence())],
  ['an empty key', spki(rsaAlgorithm, Buffer.alloc(0))],
  ['data behind the key', spki(rsaAlgorithm, Buffer.concat([rsaKey(), der.derNull()]))],
  [
    'a third number',
    spki(rsaAlgorithm, der.sequence(der.integer(modulus(2048)), der.integer(3), der.integer(1))),
  ],
  ['unused bits', der.sequence(rsaAlgorithm, der.bitString(der.raw(0xf0), 4))],
])('an RSA key with %s is BAD_KEY', (_what, bytes) => {
  expect(() => importPublicKey(bytes)).toThrow(badKey);
});

function rsaKey(): der.Der {
  return der.sequence(der.integer(modulus(2048)), der.integer(65537));
}

test('an RSASSA-PSS key tells what it is restricted to', () => {
  const algorithm = der.sequence(der.oid(OID.rsassaPss), pssParameters('sha384'));
  expect(importPublicKey(spki(algorithm, rsaKey()))).toMatchObject({
    kind: 'rsa-pss',
    pss: { digest: 'sha384', saltLength: 48 },
  });
});

const point = newKey('p-256').publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
const ec = (parameters: der.Der[], key: der.Der): der.Der =>
  spki(der.sequence(der.oid(OID.ecPublicKey), ...parameters), key);
const p256 = [der.oid(OID.prime256v1)];

test.each(['p-256', 'p-384'] as const)('a point beside the curve of %s is BAD_KEY', (type) => {
  const beside = Buffer.from(newKey(type).spki);
  beside[beside.length - 1]! ^= 1;
  expect(() => importPublicKey(beside)).toThrow(badKey);
});

test('a compressed point is imported', () => {
  const compressed = Buffer.concat([der.raw(2 + (point[64]! & 1)), point.subarray(1, 33)]);
  expect(importPublicKey(ec(p256, compressed)).kind).toBe('ec');
});

test.each([
  ['no curve', ec([], point)],
  ['a curve spelt out', ec([der.sequence(der.integer(1))], point)],
  ['the point at infinity', ec(p256, der.raw(0))],
  ['a hybrid point', ec(p256, Buffer.concat([der.raw(6), point.subarray(1)]))],
  ['a point cut off', ec(p256, point.subarray(0, 64))],
  ['a point of another curve', ec([der.oid(OID.secp384r1)], point)],
  ['a point off the curve', ec(p256, Buffer.concat([point.subarray(0, 64), der.raw(point[64]! ^ 1)]))],
])('an EC key with %s is BAD_KEY', (_what, bytes) => {
  expect(() => importPublicKey(bytes)).toThrow(badKey);
});

test('curves and key types that are not known are UNSUPPORTED_ALGORITHM', () => {
  expect(() => importPublicKey(ec([der.oid('1.3.132.0.1')], point))).toThrow(unsupported);
  expect(() => importPublicKey(spki(der.sequence(der.oid('1.2.3')), point))).toThrow(unsupported);
});

test.each([
  ['parameters', der.sequence(der.oid(OID.ed25519), der.derNull()), 32],
  ['31 octets', der.sequence(der.oid(OID.ed25519)), 31],
  ['the length of the other', der.sequence(der.oid(OID.ed448)), 32],
])('an Edwards key with %s is BAD_KEY', (_what, algorithm, octets) => {
  expect(() => importPublicKey(spki(algorithm, Buffer.alloc(octets, 1)))).toThrow(badKey);
});

test('a DSA key takes the parameters it lacks from the key above it', () => {
  const { publicKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
  const whole = publicKey.export({ type: 'spki', format: 'der' });
  const own = importPublicKey(whole);
  expect(own).toMatchObject({ kind: 'dsa', bits: 1024 });

  const r = new DerReader(whole);
  r.enter(TAG.sequence, 'spki');
  r.next('algorithm');
  r.octetsAsBits('key');
  const bare = spki(der.sequence(der.oid(OID.dsa)), r.content());
  expect(() => importPublicKey(bare)).toThrow(badKey);
  expect(importPublicKey(bare, own.dsaParameters).keyObject.equals(publicKey)).toBe(true);
});
