import { Buffer } from 'node:buffer';
import { createPublicKey, hash } from 'node:crypto';
import { isOpenSslError } from '../../x509/openssl-error.js';
import type { PublicKey } from '../../x509/public-key.js';

/** Signature checks after which a key is likely to make up for a second, slower import. */
const USES_BEFORE_IMPORT = 64;

/** A CA's public key, imported, with a short name for it. */
export class CaKey {
  /** SHA-256 of `spki`, hex. */
  readonly id: string;
  /** The SubjectPublicKeyInfo, DER; of a DSA key that inherits its parameters (§6.1.4 (f)) the one that has them. */
  readonly spki: Uint8Array;
  #publicKey: PublicKey;
  #uses = 0;

  constructor(spki: Uint8Array, publicKey: PublicKey) {
    this.id = spkiId(spki);
    this.spki = spki;
    this.#publicKey = publicKey;
  }

  get publicKey(): PublicKey {
    return this.#publicKey;
  }

  /** The key to check a signature with: after many of them the same key in the form in which it checks fastest. */
  forSignature(): PublicKey {
    this.#uses += 1;
    if (this.#uses === USES_BEFORE_IMPORT) this.#publicKey = importAgain(this.#publicKey, this.spki);
    return this.#publicKey;
  }
}

/** How a key is named: SHA-256 of its SubjectPublicKeyInfo, hex. */
export function spkiId(spki: Uint8Array): string {
  return hash('sha256', spki, 'hex');
}

/**
 * The same key, imported from its SubjectPublicKeyInfo. That takes far longer than from JWK, and each signature check
 * after it 1 to 4 % less. Where OpenSSL reads another key there, or none, the key stays as it is.
 */
function importAgain(key: PublicKey, spki: Uint8Array): PublicKey {
  try {
    const keyObject = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return keyObject.equals(key.keyObject) ? { ...key, keyObject } : key;
  } catch (error) {
    if (isOpenSslError(error)) return key;
    throw error;
  }
}
