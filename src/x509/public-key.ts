import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.js';
import { DerReader, TAG } from './der.js';
import { readDsaKey } from './dsa-key.js';
import { OID } from './oid.js';
import {
  checkPostQuantumKey,
  type PostQuantumKind,
  type PostQuantumSet,
  postQuantumSet,
  requireSupport,
} from './post-quantum.js';
import { isNullOrAbsent, type PssParameters, readPssParameters } from './pss-parameters.js';
import { messageOf } from '../errors.js';
import { X509Error } from './x509-error.js';

export interface PublicKey {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448' | 'dsa' | PostQuantumKind;
  /** Of the modulus, the curve's field or the prime p; of a post-quantum key all of it. */
  readonly bits: number;
  /** The curve by OpenSSL's name: prime256v1, secp384r1 … */
  readonly curve?: string;
  /** RSASSA-PSS only: what the key restricts its signatures to. */
  readonly pss?: PssParameters;
  /** DSA only: the TLV of p, q and g, which keys further down the path may inherit (RFC 5280 §6.1.4 (f)). */
  readonly dsaParameters?: Uint8Array;
  readonly keyObject: KeyObject;
}

/**
 * A key's facts, and what to import in place of the given SubjectPublicKeyInfo: a rebuilt one, or the same key as
 * JWK, which OpenSSL 3.0 imports far faster since it need not look for a decoder (RSA: 4 µs in place of 115).
 */
type KeyFacts = Omit<PublicKey, 'keyObject'> & {
  readonly spki?: Uint8Array;
  readonly jwk?: JsonWebKey;
  /** Of a post-quantum key. */
  readonly set?: PostQuantumSet;
};

/**
 * Checks a SubjectPublicKeyInfo TLV and imports it; throws BAD_KEY or UNSUPPORTED_ALGORITHM. The checks come
 * first because OpenSSL takes exponent 1, negative moduli and trailing bytes, and because the size of a key
 * decides what each signature costs.
 *
 * @param inheritedDsaParameters for a DSA key without its own (RFC 3279 §2.3.2).
 */
export function importPublicKey(spki: Uint8Array, inheritedDsaParameters?: Uint8Array): PublicKey {
  const { spki: rebuilt, jwk, set, ...facts } = checkKey(spki, inheritedDsaParameters);
  if (set !== undefined) requireSupport(set);
  try {
    const keyObject = jwk
      ? createPublicKey({ key: jwk, format: 'jwk' })
      : createPublicKey({ key: Buffer.from(rebuilt ?? spki), format: 'der', type: 'spki' });
    return { ...facts, keyObject };
  } catch (cause) {
    throw new X509Error('BAD_KEY', `subjectPublicKeyInfo: ${messageOf(cause)}`, { cause });
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

/** What a key that is not imported, a leaf's, says of itself; throws as `importPublicKey` does. */
export function readKeyFacts(spki: Uint8Array): Omit<PublicKey, 'keyObject'> {
  return checkKey(spki, undefined);
}

/** A subjectPublicKeyInfo in its parts, as a certificate has it. */
interface KeyParts {
  readonly keyAlgorithm: string;
  readonly subjectPublicKey: Uint8Array;
}

/**
 * The size of the modulus of an RSA key, `undefined` for a key of another type. Looks at nothing else, since it is
 * asked of every leaf. Throws BAD_KEY for what is no RSA key although it says so.
 */
export function rsaModulusBits(parts: KeyParts): number | undefined {
  const { keyAlgorithm } = parts;
  if (keyAlgorithm !== OID.rsaEncryption && keyAlgorithm !== OID.rsassaPss) return undefined;
  return asBadKey(() => {
    const r = new DerReader(parts.subjectPublicKey);
    r.enter(TAG.sequence, 'RSAPublicKey');
    r.integer('RSA modulus');
    return bitLength(r.bytes, r.from, r.to);
  });
}

function checkKey(spki: Uint8Array, inheritedDsaParameters: Uint8Array | undefined): KeyFacts {
  const { algorithm, key } = asBadKey(() => readSpki(spki));
  switch (algorithm.oid) {
    case OID.rsaEncryption:
      // RFC 3279 §2.3.1 wants NULL; that nothing stands there changes nothing.
      if (!isNullOrAbsent(algorithm.parameters)) throw badKey('rsaEncryption has parameters');
      return checkRsaKey(key);
    case OID.rsassaPss:
      return checkPssKey(algorithm, key);
    case OID.ecPublicKey:
      return checkEcKey(algorithm, key);
    case OID.ed25519:
      return checkEdwardsKey(algorithm, key, { kind: 'ed25519', bits: 255 }, 'Ed25519', 32);
    case OID.ed448:
      return checkEdwardsKey(algorithm, key, { kind: 'ed448', bits: 448 }, 'Ed448', 57);
    case OID.dsa:
      return { kind: 'dsa', ...asBadKey(() => readDsaKey(algorithm, key, inheritedDsaParameters)) };
    default:
      return checkOtherKey(algorithm, key);
  }
}

function checkOtherKey(algorithm: AlgorithmIdentifier, key: Uint8Array): KeyFacts {
  const set = postQuantumSet(algorithm.oid);
  if (set === undefined)
    throw new X509Error('UNSUPPORTED_ALGORITHM', `subjectPublicKeyInfo has a key of type ${algorithm.oid}`);
  checkPostQuantumKey(set, algorithm, key);
  return { kind: set.kind, bits: 8 * set.keyOctets, set };
}

function readSpki(spki: Uint8Array): { algorithm: AlgorithmIdentifier; key: Uint8Array } {
  const what = 'subjectPublicKeyInfo';
  const r = new DerReader(spki);
  const outer = r.enter(TAG.sequence, what);
  const algorithm = readAlgorithm(r, what);
  r.octetsAsBits(what);
  const key = r.content();
  r.leave(outer, what);
  r.finish(what);
  return { algorithm, key };
}

/** Smaller keys are broken in an afternoon; larger ones cost the checker too much. */
const MIN_RSA_BITS = 1024;
const MAX_RSA_BITS = 8192;
/** A signature costs as many squarings as the exponent has bits; the largest in use is 2^32 + 1. */
const MAX_RSA_EXPONENT = 2 ** 33;

function checkRsaKey(key: Uint8Array): KeyFacts {
  const { bits, modulus, exponent } = asBadKey(() => readRsaKey(key));
  return { kind: 'rsa', bits, jwk: { kty: 'RSA', n: base64Url(modulus), e: base64Url(exponent) } };
}

interface RsaKey {
  /** Of the modulus. */
  readonly bits: number;
  /** Content octets of the INTEGERs. */
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

/** RSAPublicKey (RFC 8017 §A.1.1). */
function readRsaKey(key: Uint8Array): RsaKey {
  const r = new DerReader(key);
  const outer = r.enter(TAG.sequence, 'RSAPublicKey');
  r.integer('RSA modulus');
  const modulus = r.content();
  const exponent = r.unsigned('RSA exponent');
  const exponentOctets = r.content();
  r.leave(outer, 'RSAPublicKey');
  r.finish('RSAPublicKey');
  const bits = bitLength(modulus, 0, modulus.length);
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS)
    throw badKey(`RSA modulus has ${bits} bits, not ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`);
  if ((modulus.at(-1)! & 1) === 0) throw badKey('RSA modulus is even');
  if (exponent < 3 || exponent % 2 === 0 || exponent > MAX_RSA_EXPONENT)
    throw badKey(`RSA exponent ${exponent} is not odd and between 3 and 2^33`);
  return { bits, modulus, exponent: exponentOctets };
}

/** Of the content octets of a minimal INTEGER; 0 for what is not positive. */
function bitLength(bytes: Uint8Array, from: number, to: number): number {
  const first = bytes[from]!;
  if (first & 0x80) return 0;
  if (first === 0) return to - from === 1 ? 0 : (to - from - 1) * 8;
  return (to - from - 1) * 8 + (32 - Math.clz32(first));
}

/** RFC 4055 §3.1: parameters, if there are any, restrict the key. */
function checkPssKey({ parameters }: AlgorithmIdentifier, key: Uint8Array): KeyFacts {
  const { bits } = asBadKey(() => readRsaKey(key));
  if (parameters === null) return { kind: 'rsa-pss', bits };
  return { kind: 'rsa-pss', bits, pss: asBadKey(() => readPssParameters(parameters)) };
}

/** Named curves (RFC 5480 §2.1.1.1, RFC 5639), by OID: OpenSSL's name and the size of the field in bits. */
const CURVES = new Map<string, readonly [name: string, bits: number]>([
  [OID.prime256v1, ['prime256v1', 256]],
  [OID.secp224r1, ['secp224r1', 224]],
  [OID.secp256k1, ['secp256k1', 256]],
  [OID.secp384r1, ['secp384r1', 384]],
  [OID.secp521r1, ['secp521r1', 521]],
  [OID.brainpoolP256r1, ['brainpoolP256r1', 256]],
  [OID.brainpoolP384r1, ['brainpoolP384r1', 384]],
  [OID.brainpoolP512r1, ['brainpoolP512r1', 512]],
]);

/** RFC 5480 §2.1.1: a named curve, never one spelt out; §2.2: a point, compressed or not. */
function checkEcKey({ parameters }: AlgorithmIdentifier, key: Uint8Array): KeyFacts {
  if (parameters === null || parameters[0] !== TAG.oid) throw badKey('EC key names no curve');
  const oid = asBadKey(() => new DerReader(parameters).oid('EC curve'));
  const known = CURVES.get(oid);
  if (known === undefined) throw new X509Error('UNSUPPORTED_ALGORITHM', `EC key is on the curve ${oid}`);
  const [curve, bits] = known;
  const field = Math.ceil(bits / 8);
  const uncompressed = key[0] === 4 && key.length === 1 + 2 * field;
  const compressed = (key[0] === 2 || key[0] === 3) && key.length === 1 + field;
  if (!uncompressed && !compressed) throw badKey(`EC key is no point of ${curve}`);
  const crv = JWK_CURVES.get(curve);
  if (crv === undefined || compressed) return { kind: 'ec', bits, curve };
  const [x, y] = [key.subarray(1, 1 + field), key.subarray(1 + field)];
  return { kind: 'ec', bits, curve, jwk: { kty: 'EC', crv, x: base64Url(x), y: base64Url(y) } };
}

/** RFC 7518 §6.2.1.1, RFC 8812 §3.1. */
const JWK_CURVES = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
  ['secp256k1', 'secp256k1'],
]);

/** RFC 8410 §3: no parameters. */
function checkEdwardsKey(
  { parameters }: AlgorithmIdentifier,
  key: Uint8Array,
  facts: KeyFacts,
  crv: string,
  octets: number,
): KeyFacts {
  if (parameters !== null) throw badKey(`${facts.kind} has parameters`);
  if (key.length !== octets) throw badKey(`${facts.kind} key has ${key.length} octets, not ${octets}`);
  return { ...facts, jwk: { kty: 'OKP', crv, x: base64Url(key) } };
}

function base64Url(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64url');
}

function badKey(message: string): X509Error {
  return new X509Error('BAD_KEY', message);
}

/** Broken DER inside a key is a bad key: the certificate around it is well-formed. */
function asBadKey<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof X509Error && cause.code === 'MALFORMED')
      throw new X509Error('BAD_KEY', cause.message, { cause });
    throw cause;
  }
}
