import type { Certificate } from '../../x509/certificate.js';
import { KeyUsageBit } from '../../x509/extensions.js';
import { OID } from '../../x509/oid.js';
import { postQuantumSet } from '../../x509/post-quantum.js';
import { type PublicKey, readKeyFacts, rsaModulusBits } from '../../x509/public-key.js';
import { hasEcdsaParameters, signatureDigest } from '../../x509/signature.js';
import { X509Error } from '../../x509/x509-error.js';
import type { Placed } from './placed.js';

/** Keys and signatures: Baseline Requirements §6.1.5, §7.1.3. The anchor's own signature does not matter. */

/** Baseline Requirements §7.1.3.2.1: SHA-1 signs nothing. */
export function sha1({ certificate, role }: Placed): string | undefined {
  if (role === 'anchor') return undefined;
  return signatureDigest(certificate.signatureAlgorithm) === 'sha1' ? 'it is signed with SHA-1' : undefined;
}

/** RFC 5758 §3.2: ECDSA has no parameters, not even NULL. */
export function signatureParameters({ certificate, role }: Placed): string | undefined {
  if (role === 'anchor') return undefined;
  return hasEcdsaParameters(certificate.signatureAlgorithm)
    ? 'its signatureAlgorithm has parameters, which ECDSA does not have'
    : undefined;
}

/** Baseline Requirements §6.1.5: RSA moduli of at least 2048 bits. */
export function rsaKeySize({ certificate }: Placed): string | undefined {
  const bits = rsaModulusBits(certificate);
  return bits !== undefined && bits < 2048 ? `its RSA key has ${bits} bits` : undefined;
}

/** Baseline Requirements §6.1.5: "the modulus size, in bits, is evenly divisible by 8". */
export function rsaKeyOctets({ certificate }: Placed): string | undefined {
  const bits = rsaModulusBits(certificate);
  return bits !== undefined && bits % 8 !== 0 ? `its RSA key has ${bits} bits, not whole octets` : undefined;
}

const CURVES: ReadonlyMap<string | undefined, string> = new Map([
  ['prime256v1', 'sha256'],
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
]);

/** Baseline Requirements §7.1.3.1: rsaEncryption, or ECDSA on P-256, P-384 or P-521; nothing else. */
export function publicKeyType({ certificate }: Placed): string | undefined {
  const key = keyOf(certificate);
  if (key?.kind === 'rsa' || (key?.kind === 'ec' && CURVES.has(key.curve))) return undefined;
  return `its key is of a kind that no TLS server's CA may certify (${key?.curve ?? key?.kind ?? 'unknown'})`;
}

const RSA_DIGESTS: ReadonlySet<string> = new Set(['sha256', 'sha384', 'sha512']);

/** Baseline Requirements §7.1.3.2: SHA-2 with RSA, and with ECDSA the digest that goes with the signer's curve. */
export function signatureAlgorithm({ certificate, role, issuer }: Placed): string | undefined {
  if (role === 'anchor' || issuer === undefined) return undefined;
  const signer = keyOf(issuer);
  const digest = signatureDigest(certificate.signatureAlgorithm);
  const isRight = signer?.kind === 'ec' ? CURVES.get(signer.curve) === digest : RSA_DIGESTS.has(digest);
  return isRight
    ? undefined
    : `it is signed with ${digest} by a key of kind ${signer?.curve ?? signer?.kind}`;
}

const SIGNING = ['digitalSignature', 'nonRepudiation', 'keyCertSign', 'cRLSign'] as const;
const SIGNING_BITS = SIGNING.reduce((mask, name) => mask | KeyUsageBit[name], 0);

/**
 * RFC 9881 §5 for ML-DSA, RFC 9909 §6 for SLH-DSA, RFC 8410 §5 and RFC 9295 §3 for Ed25519 and Ed448: a keyUsage
 * extension names some use that signs, and none that does not.
 */
export function signingKeyUsage({ certificate: { keyAlgorithm, keyUsage } }: Placed): string | undefined {
  const onlySigns =
    keyAlgorithm === OID.ed25519 || keyAlgorithm === OID.ed448 || postQuantumSet(keyAlgorithm) !== undefined;
  if (!onlySigns || keyUsage === undefined) return undefined;
  const isRight = (keyUsage & SIGNING_BITS) !== 0 && (keyUsage & ~SIGNING_BITS) === 0;
  return isRight ? undefined : 'its keyUsage is not that of a key that can only sign';
}

/** `undefined` for a kind that is not known here. Throws BAD_KEY. */
function keyOf({ spki }: Certificate): Omit<PublicKey, 'keyObject'> | undefined {
  try {
    return readKeyFacts(spki);
  } catch (error) {
    if (error instanceof X509Error && error.code === 'UNSUPPORTED_ALGORITHM') return undefined;
    throw error;
  }
}
