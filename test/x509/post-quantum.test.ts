import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { readAlgorithm } from '../../src/x509/algorithm.js';
import { DerReader } from '../../src/x509/der.js';
import type { PostQuantumKind } from '../../src/x509/post-quantum.js';
import { importPublicKey, readKeyFacts } from '../../src/x509/public-key.js';
import { signatureDigest, verifySignature } from '../../src/x509/signature.js';
import { withoutPostQuantum, withPostQuantum } from '../post-quantum.js';
import * as der from '../pki/der-builder.js';
import { algorithmOf, newKey, POST_QUANTUM_KINDS, postQuantumOid, signWith } from '../pki/keys.js';
import { createLeaf, createRoot } from '../pki/pki.js';

const data = Buffer.from('what is signed');
const KEY_OCTETS: ReadonlyMap<PostQuantumKind, number> = new Map([
  ['ml-dsa-44', 1312],
  ['ml-dsa-65', 1952],
  ['ml-dsa-87', 2592],
]);
const octetsOf = (kind: PostQuantumKind): number =>
  KEY_OCTETS.get(kind) ?? Number(/\d+(?=[sf]$)/.exec(kind)?.[0]) / 4;
const spkiOf = (kind: PostQuantumKind, octets: number, ...parameters: readonly der.Der[]): der.Der =>
  der.sequence(
    der.sequence(der.oid(postQuantumOid(kind)), ...parameters),
    der.bitString(Buffer.alloc(octets, 1)),
  );
const algorithmFor = (kind: PostQuantumKind, ...parameters: readonly der.Der[]) =>
  readAlgorithm(
    new DerReader(der.sequence(der.oid(postQuantumOid(kind)), ...parameters)),
    'signatureAlgorithm',
  );

test.each(POST_QUANTUM_KINDS)('a key of %s has its one length and no parameters', (kind) => {
  const octets = octetsOf(kind);
  const badKey = expect.objectContaining({ code: 'BAD_KEY' });
  expect(readKeyFacts(spkiOf(kind, octets))).toMatchObject({ kind, bits: 8 * octets });
  expect(() => importPublicKey(spkiOf(kind, octets - 1))).toThrow(badKey);
  expect(() => importPublicKey(spkiOf(kind, octets + 1))).toThrow(badKey);
  expect(() => importPublicKey(spkiOf(kind, octets, der.derNull()))).toThrow(badKey);
});

withPostQuantum.each(POST_QUANTUM_KINDS.filter((kind) => !kind.endsWith('s')))(
  'a signature of %s verifies, and neither a changed one nor one over other data',
  (kind) => {
    const key = newKey(kind);
    const imported = importPublicKey(key.spki);
    const signature = signWith(key, 'sha256', data);
    const changed = Buffer.from(signature);
    changed[changed.length >> 1]! ^= 1;
    const used = algorithmFor(kind);
    expect(imported.keyObject.equals(key.publicKey)).toBe(true);
    expect(signatureDigest(used)).toBe('none');
    expect(verifySignature(used, data, signature, imported)).toBe(true);
    expect(verifySignature(used, data, changed, imported)).toBe(false);
    expect(verifySignature(used, Buffer.from('other'), signature, imported)).toBe(false);
    expect(verifySignature(used, data, signature.subarray(1), imported)).toBe(false);
  },
);

// Signing takes the small variants of SLH-DSA up to a second each: they are only imported.
withPostQuantum.each(POST_QUANTUM_KINDS.filter((kind) => kind.endsWith('s')))(
  'a key of %s is imported',
  (kind) => {
    const key = newKey(kind);
    expect(importPublicKey(key.spki).keyObject.equals(key.publicKey)).toBe(true);
  },
);

withPostQuantum('a signature verifies under the algorithm of its key alone', () => {
  const kinds = ['ml-dsa-44', 'ml-dsa-65', 'slh-dsa-sha2-128f', 'slh-dsa-shake-128f', 'ed25519'] as const;
  const keys = kinds.map((kind) => newKey(kind));
  for (const signer of keys) {
    const used = readAlgorithm(new DerReader(algorithmOf(signer, 'sha256')), 'signatureAlgorithm');
    const signature = signWith(signer, 'sha256', data);
    const verified = keys.filter((key) => verifySignature(used, data, signature, importPublicKey(key.spki)));
    expect(verified).toEqual([signer]);
  }
});

withPostQuantum("Node's own reader agrees on a certificate", () => {
  const root = createRoot({ key: 'ml-dsa-65' });
  const leaf = createLeaf(root);
  expect(new X509Certificate(leaf.der).verify(root.key.publicKey)).toBe(true);
});

withPostQuantum.each(['ml-dsa-44', 'slh-dsa-sha2-128f'] as const)('%s takes no parameters', (kind) => {
  const key = newKey(kind);
  const signature = signWith(key, 'sha256', data);
  expect(() =>
    verifySignature(algorithmFor(kind, der.derNull()), data, signature, importPublicKey(key.spki)),
  ).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
});

withoutPostQuantum.each(POST_QUANTUM_KINDS)(
  '%s is UNSUPPORTED_ALGORITHM, and the message says of what',
  (kind) => {
    const unsupported = expect.objectContaining({
      code: 'UNSUPPORTED_ALGORITHM',
      message: expect.stringMatching(`^${kind} is not supported by Node ${process.versions.node}`),
    });
    const key = importPublicKey(newKey('ed25519').spki);
    expect(() => importPublicKey(spkiOf(kind, octetsOf(kind)))).toThrow(unsupported);
    expect(() => verifySignature(algorithmFor(kind), data, Buffer.alloc(9), key)).toThrow(unsupported);
  },
);

test('the variants that sign a digest are UNSUPPORTED_ALGORITHM', () => {
  for (const oid of ['2.16.840.1.101.3.4.3.32', '2.16.840.1.101.3.4.3.35']) {
    const spki = der.sequence(der.sequence(der.oid(oid)), der.bitString(Buffer.alloc(32)));
    expect(() => importPublicKey(spki)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_ALGORITHM' }));
  }
});
