import type { KeyObject } from 'node:crypto';

export interface PublicKey {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448' | 'dsa';
  /** Of the modulus, the curve's order or the prime p. */
  readonly bits: number;
  /** The curve by OpenSSL's name: prime256v1, secp384r1, secp521r1, secp256k1. */
  readonly curve?: string;
  readonly keyObject: KeyObject;
}

/** Checks a SubjectPublicKeyInfo TLV and imports it; throws BAD_KEY or UNSUPPORTED_ALGORITHM. */
export function importPublicKey(_spki: Uint8Array): PublicKey {
  throw new Error('not built');
}
