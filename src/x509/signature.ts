import type { AlgorithmIdentifier } from './algorithm.js';
import type { PublicKey } from './public-key.js';

/**
 * Was `tbs` signed by `key`? False when the signature is wrong or the algorithm does not fit the key; throws
 * UNSUPPORTED_ALGORITHM, or MALFORMED for broken algorithm parameters.
 */
export function verifySignature(
  _algorithm: AlgorithmIdentifier,
  _tbs: Uint8Array,
  _signature: Uint8Array,
  _key: PublicKey,
): boolean {
  throw new Error('not built');
}

/** The digest by its name in lower case (`sha1`, `sha256` …; `none` for Ed25519 and Ed448). */
export function signatureDigest(_algorithm: AlgorithmIdentifier): string {
  throw new Error('not built');
}
