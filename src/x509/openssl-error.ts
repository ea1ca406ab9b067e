import { codeOf } from '../errors.js';

/**
 * OpenSSL throws instead of answering for a key that is too small for the digest, a value beyond the modulus, and the
 * like. Not every such error has a code of Node's: what OpenSSL itself said stands in `opensslErrorStack`.
 */
export function isOpenSslError(error: unknown): boolean {
  if (String(codeOf(error)).startsWith('ERR_OSSL')) return true;
  return typeof error === 'object' && error !== null && 'opensslErrorStack' in error;
}
