import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { BASE_RULES } from '../../src/verify/profiles.js';
import { DerReader, TAG } from '../../src/x509/der.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import { inheritingKey, newKey, postQuantumOid } from '../pki/keys.js';
import { createIntermediate, createLeaf, createRoot } from '../pki/pki.js';
import { ask, createChain } from './scene.js';

const { root, intermediate } = createChain();

const spki = (algorithm: der.Der, key: der.Der): der.Der => der.sequence(algorithm, der.bitString(key));
const modulus = (bits: number): bigint => (1n << BigInt(bits - 1)) | 1n;
const rsaAlgorithm = der.sequence(der.oid(OID.rsaEncryption), der.derNull());
const rsa = (n: bigint, e: bigint, algorithm = rsaAlgorithm): der.Der =>
  spki(algorithm, der.sequence(der.integer(n), der.integer(e)));
const p256 = newKey('p-256');
const point = Buffer.from(p256.spki).subarray(-65);
const curve = der.oid(OID.prime256v1);
const ec = (parameters: readonly der.Der[], key: der.Der): der.Der =>
  spki(der.sequence(der.oid(OID.ecPublicKey), ...parameters), key);
const beside = Buffer.concat([point.subarray(0, 64), Buffer.of(point[64]! ^ 1)]);

/** ECParameters of P-256, spelt out (RFC 3279 §2.3.5). */
const explicit = der.sequence(
  der.integer(1),
  der.sequence(
    der.oid('1.2.840.10045.1.1'),
    der.integer(2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n),
  ),
  der.sequence(der.octetString(Buffer.alloc(32, 1)), der.octetString(Buffer.alloc(32, 2))),
  der.octetString(point),
  der.integer(7),
);

const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
const dsaSpki = dsa.publicKey.export({ type: 'spki', format: 'der' });
/** The TLV of p, q and g. */
const dsaParameters = ((): der.Der => {
  const r = new DerReader(dsaSpki);
  r.enter(TAG.sequence, 'spki');
  r.enter(TAG.sequence, 'algorithm');
  r.oid('algorithm');
  r.next('parameters');
  return Buffer.from(r.element());
})();
const dsaPrime = ((): bigint => {
  const r = new DerReader(dsaParameters);
  r.enter(TAG.sequence, 'parameters');
  r.integer('p');
  return BigInt(`0x${Buffer.from(r.content()).toString('hex')}`);
})();
const dsaKey = (y: bigint, parameters: readonly der.Der[] = [dsaParameters]): der.Der =>
  spki(der.sequence(der.oid(OID.dsa), ...parameters), der.integer(y));
const edwards = (oid: string, key: der.Der, ...parameters: readonly der.Der[]): der.Der =>
  spki(der.sequence(der.oid(oid), ...parameters), key);
const first = (octets: number, value: number): Buffer =>
  Buffer.concat([Buffer.of(value), Buffer.alloc(octets - 1)]);

/** The code for a leaf with this key, under each of the base profiles. */
function codesOf(key: der.Der, issuer = intermediate, authorities = [intermediate]): Set<string> {
  const leaf = createLeaf(issuer, { key: { ...p256, spki: key } });
  const bases = Object.keys(BASE_RULES) as (keyof typeof BASE_RULES)[];
  return new Set(bases.map((base) => ask({ anchors: [root], base }, [leaf, ...authorities]).code));
}

test.each([
  ['an RSA exponent of 1', rsa(modulus(2048), 1n)],
  ['an even RSA exponent', rsa(modulus(2048), 65536n)],
  ['a negative RSA exponent', rsa(modulus(2048), -3n)],
  ['an RSA exponent beyond all use', rsa(modulus(2048), modulus(2047))],
  ['a small RSA modulus', rsa(modulus(1023), 65537n)],
  ['a huge RSA modulus', rsa(modulus(8193), 65537n)],
  ['an even RSA modulus', rsa(modulus(2048) - 1n, 65537n)],
  ['a negative RSA modulus', rsa(-modulus(2048), 65537n)],
  ['parameters of RSA', rsa(modulus(2048), 65537n, der.sequence(der.oid(OID.rsaEncryption), der.integer(1)))],
  ['no RSA key at all', spki(rsaAlgorithm, Buffer.of(1, 2, 3))],
  [
    'an RSA key with data behind it',
    spki(rsaAlgorithm, Buffer.concat([rsa(modulus(2048), 3n), der.derNull()])),
  ],
  ['an RSA exponent of 1 for RSASSA-PSS', rsa(modulus(2048), 1n, der.sequence(der.oid(OID.rsassaPss)))],
  ['unused bits', der.sequence(rsaAlgorithm, der.bitString(Buffer.of(0xf0), 4))],
  ['no curve', ec([], point)],
  ['a curve spelt out', ec([explicit], point)],
  ['a curve left to the CA', ec([der.derNull()], point)],
  ['the point at infinity', ec([curve], Buffer.of(0))],
  ['a hybrid point', ec([curve], Buffer.concat([Buffer.of(6), point.subarray(1)]))],
  ['a point cut off', ec([curve], point.subarray(0, 64))],
  ['a point off P-256', ec([curve], beside)],
  [
    'a compressed point off P-256',
    ec([curve], Buffer.concat([Buffer.of(2), Buffer.alloc(31), Buffer.of(1)])),
  ],
  ['a point off P-384', ec([der.oid(OID.secp384r1)], Buffer.alloc(97, 4))],
  ['a point off P-521', ec([der.oid(OID.secp521r1)], Buffer.concat([Buffer.of(4), Buffer.alloc(132, 0)]))],
  ['a point off secp256k1', ec([der.oid(OID.secp256k1)], point)],
  ['a point off brainpoolP256r1', ec([der.oid(OID.brainpoolP256r1)], point)],
  ['an Ed25519 key of 31 octets', edwards(OID.ed25519, Buffer.alloc(31, 1))],
  ['an Ed25519 key with parameters', edwards(OID.ed25519, Buffer.alloc(32, 1), der.derNull())],
  ['the neutral point of Ed25519', edwards(OID.ed25519, first(32, 1))],
  [
    'the neutral point of Ed25519 and a sign',
    edwards(OID.ed25519, Buffer.concat([first(31, 1), Buffer.of(0x80)])),
  ],
  ['a point of order 4 of Ed25519', edwards(OID.ed25519, Buffer.alloc(32))],
  ['the neutral point of Ed448', edwards(OID.ed448, first(57, 1))],
  ['DSA without parameters anywhere', dsaKey(5n, [])],
  ['a DSA key of 1', dsaKey(1n)],
  ['a DSA key of p - 1', dsaKey(dsaPrime - 1n)],
  ['a DSA key of p', dsaKey(dsaPrime)],
  ['a negative DSA key', dsaKey(-5n)],
  ['DSA parameters that are none', dsaKey(5n, [der.sequence(der.integer(1))])],
  ['an ML-DSA key of another length', edwards(postQuantumOid('ml-dsa-44'), Buffer.alloc(1311))],
])('a leaf with %s is BAD_KEY in every profile', (_what, key) => {
  expect([...codesOf(key)]).toEqual(['BAD_KEY']);
});

test.each([
  ['X25519', edwards('1.3.101.110', Buffer.alloc(32, 1))],
  ['ML-KEM-768', edwards('2.16.840.1.101.3.4.4.2', Buffer.alloc(1184, 1))],
  ['ML-DSA-44, whether this Node has it or not', edwards(postQuantumOid('ml-dsa-44'), Buffer.alloc(1312, 1))],
  [
    'an algorithm nobody knows, with unused bits',
    der.sequence(der.sequence(der.oid('1.2.3')), der.bitString(Buffer.of(0xf0), 4)),
  ],
  ['a curve that is not known', ec([der.oid('1.3.132.0.1')], Buffer.of(4, 1, 2))],
  [
    'P-256 in compressed form',
    ec([curve], Buffer.concat([Buffer.of(2 + (point[64]! & 1)), point.subarray(1, 33)])),
  ],
  ['P-256', p256.spki],
  ['P-521', newKey('p-521').spki],
  ['Ed25519', newKey('ed25519').spki],
  ['Ed448', newKey('ed448').spki],
  ['RSA of 1024 bits with exponent 3', rsa(modulus(1024), 3n)],
  ['RSA without NULL', rsa(modulus(2048), 65537n, der.sequence(der.oid(OID.rsaEncryption)))],
  ['RSASSA-PSS', rsa(modulus(2048), 65537n, der.sequence(der.oid(OID.rsassaPss)))],
  ['DSA', dsaSpki],
])('a leaf with a key of %s can be valid', (_what, key) => {
  const leaf = createLeaf(intermediate, { key: { ...p256, spki: key } });
  expect(ask({ anchors: [root] }, [leaf, intermediate]).code).toBe('OK');
});

test('a leaf may inherit its DSA parameters, and then they count', () => {
  const key = newKey('dsa-1024');
  const ca = createIntermediate(root, { key, subject: 'DSA CA' });
  const heir = inheritingKey(key, 12_345n);
  expect([...codesOf(heir.spki, ca, [ca])]).toContain('OK');
  expect([...codesOf(dsaKey(1n, []), ca, [ca])]).toEqual(['BAD_KEY']);
});

test('a CA with a key that anyone can sign for is no better', () => {
  const key = { ...newKey('ed25519'), spki: edwards(OID.ed25519, first(32, 1)) };
  const ca = createIntermediate(root, { key, subject: 'Anybody' });
  expect(ask({ anchors: [root] }, [createLeaf(ca), ca]).code).toBe('BAD_KEY');
  expect(
    ask({ anchors: [createRoot({ key })] }, [createLeaf({ key, name: der.commonName('Test Root') })]).code,
  ).toBe('BAD_KEY');
});
