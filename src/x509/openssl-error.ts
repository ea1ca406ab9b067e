import { codeOf } from '../errors.js';

/** OpenSSL throws instead of answering for a key that is too small for the digest, a value beyond the modulus, and the like. */
export function isOpenSslError(error: unknown): boolean {
  return String(codeOf(error)).startsWith('ERR_OSSL');
}
