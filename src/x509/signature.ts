import { constants, type KeyLike, verify, type VerifyKeyObjectInput } from 'node:crypto';
import type { AlgorithmIdentifier } from './algorithm.js';
import { DerReader, TAG } from './der.js';
import { OID } from './oid.js';
import { isOpenSslError } from './openssl-error.js';
import { isPkcs1Signature, type Pkcs1Digest } from './pkcs1-signature.js';
import { type PostQuantumKind, postQuantumSet, requireSupport } from './post-quantum.js';
import { isNullOrAbsent, type PssParameters, readPssParameters } from './pss-parameters.js';
import type { PublicKey } from './public-key.js';
import { malformed, X509Error } from './x509-error.js';

type Algorithm =
  | { readonly scheme: 'rsa'; readonly digest: Pkcs1Digest }
  | {
      readonly scheme: 'rsa-pss' | 'ecdsa' | 'dsa' | 'ed25519' | 'ed448' | PostQuantumKind;
      readonly digest: string;
    };

/** RFC 3279, 4055, 5758, 8410. What is not here, MD2 and MD5 among it, is UNSUPPORTED_ALGORITHM. */
const SCHEMES = new Map<string, Algorithm>([
  [OID.sha1WithRsa, { scheme: 'rsa', digest: 'sha1' }],
  [OID.sha224WithRsa, { scheme: 'rsa', digest: 'sha224' }],
  [OID.sha256WithRsa, { scheme: 'rsa', digest: 'sha256' }],
  [OID.sha384WithRsa, { scheme: 'rsa', digest: 'sha384' }],
  [OID.sha512WithRsa, { scheme: 'rsa', digest: 'sha512' }],
  // Its digest stands in the parameters.
  [OID.rsassaPss, { scheme: 'rsa-pss', digest: '' }],
  [OID.ecdsaWithSha1, { scheme: 'ecdsa', digest: 'sha1' }],
  [OID.ecdsaWithSha224, { scheme: 'ecdsa', digest: 'sha224' }],
  [OID.ecdsaWithSha256, { scheme: 'ecdsa', digest: 'sha256' }],
  [OID.ecdsaWithSha384, { scheme: 'ecdsa', digest: 'sha384' }],
  [OID.ecdsaWithSha512, { scheme: 'ecdsa', digest: 'sha512' }],
  [OID.dsaWithSha1, { scheme: 'dsa', digest: 'sha1' }],
  [OID.dsaWithSha224, { scheme: 'dsa', digest: 'sha224' }],
  [OID.dsaWithSha256, { scheme: 'dsa', digest: 'sha256' }],
  [OID.ed25519, { scheme: 'ed25519', digest: 'none' }],
  [OID.ed448, { scheme: 'ed448', digest: 'none' }],
]);

/**
 * Was `tbs` signed by `key`? False when the signature is wrong or the algorithm does not fit the key; throws
 * UNSUPPORTED_ALGORITHM, or MALFORMED for broken algorithm parameters.
 */
export function verifySignature(
  algorithm: AlgorithmIdentifier,
  tbs: Uint8Array,
  signature: Uint8Array,
  key: PublicKey,
): boolean {
  const { scheme, digest } = schemeOf(algorithm);
  switch (scheme) {
    case 'rsa':
      if (!isNullOrAbsent(algorithm.parameters)) throw malformed('signatureAlgorithm has parameters');
      return key.kind === 'rsa' && isPkcs1Signature(digest, tbs, signature, key);
    case 'rsa-pss':
      return verifyPss(readPss(algorithm), tbs, signature, key);
    case 'ecdsa':
      // RFC 5758 §3.2 wants none; JDK 9 to 15 and Mbed TLS wrote NULL, as for RSA.
      if (!isNullOrAbsent(algorithm.parameters)) throw malformed('signatureAlgorithm has parameters');
      return key.kind === 'ec' && isIntegerPair(signature) && check(digest, tbs, key.keyObject, signature);
    case 'dsa':
      // RFC 3279 §2.2.2 wants no parameters; some CAs write NULL, as for RSA.
      if (!isNullOrAbsent(algorithm.parameters)) throw malformed('signatureAlgorithm has parameters');
      return key.kind === 'dsa' && isIntegerPair(signature) && check(digest, tbs, key.keyObject, signature);
    default:
      refuseParameters(algorithm);
      return key.kind === scheme && check(null, tbs, key.keyObject, signature);
  }
}

/** The digest by its name in lower case (`sha1`, `sha256` …; `none` where the algorithm hashes in its own way). */
export function signatureDigest(algorithm: AlgorithmIdentifier): string {
  const { scheme, digest } = schemeOf(algorithm);
  return scheme === 'rsa-pss' ? readPss(algorithm).digest : digest;
}

/** Does ECDSA have the NULL that RFC 5758 §3.2 forbids ("the encoding MUST omit the parameters field")? */
export function hasEcdsaParameters({ oid, parameters }: AlgorithmIdentifier): boolean {
  return parameters !== null && SCHEMES.get(oid)?.scheme === 'ecdsa';
}

function schemeOf(algorithm: AlgorithmIdentifier): Algorithm {
  const found = SCHEMES.get(algorithm.oid);
  if (found !== undefined) return found;
  const set = postQuantumSet(algorithm.oid);
  if (set === undefined)
    throw new X509Error('UNSUPPORTED_ALGORITHM', `signatureAlgorithm ${algorithm.oid} is not supported`);
  requireSupport(set);
  return { scheme: set.kind, digest: 'none' };
}

/** RFC 4055 §3.1: "When RSASSA-PSS is used in an AlgorithmIdentifier, the parameters MUST be present". */
function readPss({ parameters }: AlgorithmIdentifier): PssParameters {
  if (parameters === null) throw malformed('signatureAlgorithm is RSASSA-PSS without parameters');
  return readPssParameters(parameters);
}

/** RFC 8410 §3, RFC 9881 §2, RFC 9909 §3. */
function refuseParameters({ parameters }: AlgorithmIdentifier): void {
  if (parameters !== null) throw malformed('signatureAlgorithm has parameters');
}

function verifyPss(pss: PssParameters, tbs: Uint8Array, signature: Uint8Array, key: PublicKey): boolean {
  if (key.kind !== 'rsa' && key.kind !== 'rsa-pss') return false;
  // RFC 4055 §3.3: the key's digest, and a salt of at least the key's length.
  if (key.pss && (key.pss.digest !== pss.digest || key.pss.saltLength > pss.saltLength)) return false;
  // RFC 8017 §8.1.2, step 1: OpenSSL would take one without its leading zero octets.
  if (signature.length !== (key.bits + 7) >> 3) return false;
  // No salt fits that is as long as the modulus; and OpenSSL reads the length as an int.
  if (pss.saltLength * 8 > key.bits) return false;
  const padded = {
    key: key.keyObject,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: pss.saltLength,
  };
  return check(pss.digest, tbs, padded, signature);
}

/** SEQUENCE of two positive INTEGERs, in DER (RFC 3279 §2.2.2, §2.2.3). */
function isIntegerPair(signature: Uint8Array): boolean {
  const what = 'signatureValue';
  try {
    const r = new DerReader(signature);
    const outer = r.enter(TAG.sequence, what);
    const positive = r.unsigned(what) > 0 && r.unsigned(what) > 0;
    r.leave(outer, what);
    r.finish(what);
    return positive;
  } catch (error) {
    if (error instanceof X509Error) return false;
    throw error;
  }
}

function check(
  digest: string | null,
  tbs: Uint8Array,
  key: KeyLike | VerifyKeyObjectInput,
  signature: Uint8Array,
): boolean {
  try {
    return verify(digest, tbs, key, signature);
  } catch (error) {
    if (isOpenSslError(error)) return false;
    throw error;
  }
}
