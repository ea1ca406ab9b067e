import { createPublicKey } from 'node:crypto';
import { messageOf } from '../errors.js';
import { compressedPointCost, isCompressed, isOnCurve } from './curves.js';
import { DerReader, TAG } from './der.js';
import { asBadKey, badKey, bitLength, checkKey, type PublicKey, readSpki } from './key-check.js';
import { OID } from './oid.js';
import { postQuantumSet, requireSupport } from './post-quantum.js';
import { isNullOrAbsent } from './pss-parameters.js';
import { X509Error } from './x509-error.js';

export type { PublicKey } from './key-check.js';

/**
 * Checks a SubjectPublicKeyInfo TLV and imports it; throws BAD_KEY or UNSUPPORTED_ALGORITHM. The checks come
 * first because OpenSSL takes exponent 1, negative moduli and trailing bytes, and because the size of a key
 * decides what each signature costs.
 *
 * @param inheritedDsaParameters for a DSA key without its own (RFC 3279 §2.3.2).
 */
export function importPublicKey(spki: Uint8Array, inheritedDsaParameters?: Uint8Array): PublicKey {
  const { spki: rebuilt, jwk, set, point: _point, ...facts } = checkKey(spki, inheritedDsaParameters);
  if (set !== undefined) requireSupport(set);
  try {
    const keyObject = jwk
      ? createPublicKey({ key: jwk(), format: 'jwk' })
      : createPublicKey({ key: Buffer.from(rebuilt ?? spki), format: 'der', type: 'spki' });
    return { ...facts, keyObject };
  } catch (error) {
    throw new X509Error('BAD_KEY', `subjectPublicKeyInfo: ${messageOf(error)}`, { cause: error });
  }
}

/** Is it a DSA key without parameters of its own, which only a key above it can complete? False for a broken one. */
export function lacksDsaParameters(spki: Uint8Array): boolean {
  try {
    const { algorithm } = readSpki(spki);
    return algorithm.oid === OID.dsa && isNullOrAbsent(algorithm.parameters);
  } catch (error) {
    if (error instanceof X509Error) return false;
    throw error;
  }
}

/** The properties of a key that is not imported, such as a leaf's; throws like `importPublicKey`. */
export function readKeyFacts(spki: Uint8Array): Omit<PublicKey, 'keyObject'> {
  return checkKey(spki, undefined);
}

/**
 * Throws BAD_KEY for a key that would not be imported either, were it a CA's: without importing it, for that takes longer.
 * A key of an algorithm or a curve that is not known here passes.
 *
 * @param inheritedDsaParameters as for `importPublicKey`
 * @param spend told of what checking a compressed point costs, in µs, before that is done
 */
export function checkUnimportedKey(
  { keyAlgorithm, spki }: Pick<KeyHolder, 'keyAlgorithm' | 'spki'>,
  inheritedDsaParameters: Uint8Array | undefined,
  spend: (microseconds: number) => void,
): void {
  if (!KEY_ALGORITHMS.has(keyAlgorithm) && postQuantumSet(keyAlgorithm) === undefined) return;
  try {
    const { point } = checkKey(spki, inheritedDsaParameters);
    if (point === undefined) return;
    const [curve, key] = point;
    if (isCompressed(key)) spend(compressedPointCost(curve));
    if (!isOnCurve(key, curve)) throw badKey(`EC key is not a point of ${curve.name}`);
  } catch (error) {
    if (!(error instanceof X509Error) || error.code !== 'UNSUPPORTED_ALGORITHM') throw error;
  }
}

const KEY_ALGORITHMS: ReadonlySet<string> = new Set([
  OID.rsaEncryption,
  OID.rsassaPss,
  OID.ecPublicKey,
  OID.ed25519,
  OID.ed448,
  OID.dsa,
]);

/** A certificate's subjectPublicKeyInfo, and its parts. */
interface KeyHolder {
  readonly keyAlgorithm: string;
  readonly spki: Uint8Array;
  readonly subjectPublicKey: Uint8Array;
}

/**
 * The size of the modulus of an RSA key, `undefined` for a key of another type. Looks at nothing else, since it is
 * asked of every leaf. Throws BAD_KEY for what is no RSA key although it says so.
 */
export function rsaModulusBits(parts: Omit<KeyHolder, 'spki'>): number | undefined {
  const { keyAlgorithm } = parts;
  if (keyAlgorithm !== OID.rsaEncryption && keyAlgorithm !== OID.rsassaPss) return undefined;
  return asBadKey(() => {
    const r = new DerReader(parts.subjectPublicKey);
    r.enter(TAG.sequence, 'RSAPublicKey');
    r.integer('RSA modulus');
    return bitLength(r.bytes, r.from, r.to);
  });
}
