import { createPublicKey } from 'node:crypto';
import type { AlgorithmIdentifier } from './algorithm.js';
import { writeElement } from './der-writer.js';
import { TAG } from './der.js';
import { X509Error } from './x509-error.js';

/** NIST's sigAlgs; each parameter set has the next arc. */
const ARC = '2.16.840.1.101.3.4.3';
const ARC_OCTETS = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03];

/**
 * ML-DSA (FIPS 204, RFC 9881) and SLH-DSA (FIPS 205, RFC 9909) in their pure variants. One OID names a key and its
 * signatures: its last arc, what `node:crypto` calls it, and the octets of a key.
 */
const SETS = [
  [17, 'ml-dsa-44', 1312],
  [18, 'ml-dsa-65', 1952],
  [19, 'ml-dsa-87', 2592],
  [20, 'slh-dsa-sha2-128s', 32],
  [21, 'slh-dsa-sha2-128f', 32],
  [22, 'slh-dsa-sha2-192s', 48],
  [23, 'slh-dsa-sha2-192f', 48],
  [24, 'slh-dsa-sha2-256s', 64],
  [25, 'slh-dsa-sha2-256f', 64],
  [26, 'slh-dsa-shake-128s', 32],
  [27, 'slh-dsa-shake-128f', 32],
  [28, 'slh-dsa-shake-192s', 48],
  [29, 'slh-dsa-shake-192f', 48],
  [30, 'slh-dsa-shake-256s', 64],
  [31, 'slh-dsa-shake-256f', 64],
] as const;

export type PostQuantumKind = (typeof SETS)[number][1];

export interface PostQuantumSet {
  readonly kind: PostQuantumKind;
  readonly keyOctets: number;
  /** Does the running Node have it? */
  readonly isSupported: boolean;
}

const BY_OID: ReadonlyMap<string, PostQuantumSet> = new Map(
  SETS.map(([arc, kind, keyOctets]) => {
    const isSupported = probe(arc, keyOctets) === kind;
    return [`${ARC}.${arc}`, { kind, keyOctets, isSupported }];
  }),
);

/** `undefined` for an algorithm of another family. */
export function postQuantumSet(oid: string): PostQuantumSet | undefined {
  return BY_OID.get(oid);
}

/** RFC 9881 §4, RFC 9909 §5: no parameters, and the bare key. Throws BAD_KEY. */
export function checkPostQuantumKey(
  { kind, keyOctets }: PostQuantumSet,
  { parameters }: AlgorithmIdentifier,
  key: Uint8Array,
): void {
  if (parameters !== null) throw new X509Error('BAD_KEY', `${kind} has parameters`);
  if (key.length !== keyOctets)
    throw new X509Error('BAD_KEY', `${kind} key has ${key.length} octets, not ${keyOctets}`);
}

/** Throws UNSUPPORTED_ALGORITHM where the running Node lacks it. */
export function requireSupport({ kind, isSupported }: PostQuantumSet): void {
  if (isSupported) return;
  const runtime = `Node ${process.versions.node} with OpenSSL ${process.versions.openssl}`;
  throw new X509Error('UNSUPPORTED_ALGORITHM', `${kind} is not supported by ${runtime}; Node 24 has it`);
}

/**
 * The running Node's name for a key of this parameter set. Any octets are a valid key, so zeros are used. A Node that
 * knows less than its OpenSSL imports the key without a name; an OpenSSL before 3.5 refuses it.
 */
function probe(arc: number, keyOctets: number): string | undefined {
  const oid = writeElement(TAG.oid, Buffer.from([...ARC_OCTETS, arc]));
  const key = writeElement(TAG.bitString, Buffer.alloc(1 + keyOctets));
  const spki = Buffer.from(writeElement(TAG.sequence, writeElement(TAG.sequence, oid), key));
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' }).asymmetricKeyType;
  } catch {
    return undefined;
  }
}
