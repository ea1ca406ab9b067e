import { Buffer } from 'node:buffer';
import { constants, hash, publicDecrypt } from 'node:crypto';
import { isOpenSslError } from './openssl-error.js';
import type { PublicKey } from './public-key.js';

/** RFC 8017 §9.2, note 1: the DER of a DigestInfo up to the digest itself. */
const DIGEST_INFOS = {
  sha1: '3021300906052b0e03021a05000414',
  sha224: '302d300d06096086480165030402040500041c',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
} as const;

export type Pkcs1Digest = keyof typeof DIGEST_INFOS;

/**
 * RSASSA-PKCS1-v1_5-VERIFY (RFC 8017 §8.2.2) of an RSA key. What the signature holds is compared, octet by octet and
 * whole, with the one encoding that the message has; nothing is decoded. `crypto.verify` does the same, and takes
 * 7 % longer for a key of 2048 bits.
 */
export function isPkcs1Signature(
  digest: Pkcs1Digest,
  message: Uint8Array,
  signature: Uint8Array,
  { bits, keyObject }: PublicKey,
): boolean {
  const length = (bits + 7) >> 3;
  if (signature.length !== length) return false; // step 1
  const encoded = recovered(signature, keyObject);
  if (encoded?.length !== length) return false;
  const expected = encodingFor(digest, length);
  const octets = hash(digest, message, 'binary');
  const start = length - octets.length;
  for (let i = 0; i < octets.length; i++) expected[start + i] = octets.charCodeAt(i);
  return Buffer.compare(encoded, expected) === 0; // step 4
}

/** Step 2: RSAVP1 and I2OSP; `undefined` for a signature representative that is out of range. */
function recovered(signature: Uint8Array, key: PublicKey['keyObject']): Uint8Array | undefined {
  try {
    return publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  } catch (error) {
    if (isOpenSslError(error)) return undefined;
    throw error;
  }
}

/** Made once for each digest and length of a modulus. */
const encodings = new Map<Pkcs1Digest, Map<number, Buffer>>();

/**
 * EMSA-PKCS1-v1_5 (§9.2) of `length` octets, step 3. The digest, which is the last thing in it, is still to be written;
 * what was written before does not matter.
 *
 *     00 01 ff … ff 00 DigestInfo
 */
function encodingFor(digest: Pkcs1Digest, length: number): Buffer {
  const known = encodings.get(digest)?.get(length);
  if (known !== undefined) return known;
  const info = Buffer.from(DIGEST_INFOS[digest], 'hex');
  // The last octet of the DigestInfo so far is the length of the digest.
  const digestLength = info.at(-1)!;
  const padding = length - 3 - info.length - digestLength;
  const made = Buffer.from([0, 1, ...Buffer.alloc(padding, 0xff), 0, ...info, ...Buffer.alloc(digestLength)]);
  const ofDigest = encodings.get(digest) ?? new Map<number, Buffer>();
  encodings.set(digest, ofDigest.set(length, made));
  return made;
}
