import { constants, generateKeyPairSync, hash, privateEncrypt, sign, verify } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { isPkcs1Signature, type Pkcs1Digest } from '../../src/x509/pkcs1-signature.js';
import { importPublicKey, type PublicKey } from '../../src/x509/public-key.js';

const message = Buffer.from('what is signed');

interface RsaKey {
  readonly key: PublicKey;
  readonly sign: (digest: Pkcs1Digest, text?: Buffer) => Buffer;
  /** The signature whose encoded message is this, whatever it is. */
  readonly encrypt: (encoded: Buffer) => Buffer;
}

function newRsaKey(bits: number): RsaKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const key = importPublicKey(publicKey.export({ type: 'spki', format: 'der' }));
  return {
    key,
    sign: (name, text = message) => sign(name, text, privateKey),
    encrypt: (encoded) => privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded),
  };
}

const rsa2048 = newRsaKey(2048);
const LENGTH = 256;
const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
const digest = Buffer.from(hash('sha256', message, 'hex'), 'hex');

/** `head`, as much 0xff as there is room for, a zero octet, and `tail`. */
function encoding(tail: Buffer, head = Buffer.from([0, 1])): Buffer {
  const padding = Buffer.alloc(LENGTH - head.length - 1 - tail.length, 0xff);
  return Buffer.concat([head, padding, Buffer.from([0]), tail]);
}
const isSignature = (signature: Uint8Array): boolean =>
  isPkcs1Signature('sha256', message, signature, rsa2048.key);
const takenByOpenSsl = (signature: Uint8Array): boolean =>
  verify('sha256', message, rsa2048.key.keyObject, signature);

test.each([1024, 1031, 2048, 3072, 4096])('a key of %i bits verifies with every digest', (bits) => {
  const { key, sign: signed } = newRsaKey(bits);
  for (const name of ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const) {
    expect(isPkcs1Signature(name, message, signed(name), key)).toBe(true);
    expect(isPkcs1Signature(name, Buffer.from('else'), signed(name), key)).toBe(false);
    expect(isPkcs1Signature(name === 'sha1' ? 'sha256' : 'sha1', message, signed(name), key)).toBe(false);
  }
});

test('the one encoding that RFC 8017 gives a message is accepted', () => {
  expect(isSignature(rsa2048.encrypt(encoding(Buffer.concat([info, digest]))))).toBe(true);
});

test('the encoding with any one octet changed is refused', () => {
  const right = encoding(Buffer.concat([info, digest]));
  for (let at = 0; at < LENGTH; at++) {
    const wrong = Buffer.from(right);
    // In the first octet, the lowest bit: more would lie beyond the modulus.
    wrong[at]! ^= at === 0 ? 0x01 : 0x80;
    expect(isSignature(rsa2048.encrypt(wrong))).toBe(false);
  }
});

const withoutNull = Buffer.from('302f300b06096086480165030402010420', 'hex');
const longLength = Buffer.from('308131300d060960864801650304020105000420', 'hex');
const otherDigest = Buffer.from('3031300d060960864801650304020205000420', 'hex');
const garbage = Buffer.alloc(40, 0x5a);

test.each<[string, Buffer]>([
  ['without the NULL of the DigestInfo', encoding(Buffer.concat([withoutNull, digest]))],
  ['with a length in BER', encoding(Buffer.concat([longLength, digest]))],
  ['that names another digest', encoding(Buffer.concat([otherDigest, digest]))],
  ['of the bare digest', encoding(digest)],
  ['with data behind the digest', encoding(Buffer.concat([info, digest, garbage]))],
  ['with data before the DigestInfo', encoding(Buffer.concat([garbage, info, digest]))],
  ['with a digest cut off', encoding(Buffer.concat([info, digest.subarray(0, 31)]))],
  ['with padding of zeros', encoding(Buffer.concat([info, digest]), Buffer.alloc(204))],
  ['of block type 2', encoding(Buffer.concat([info, digest]), Buffer.from([0, 2]))],
  [
    'with hardly any padding and much behind it',
    Buffer.concat([Buffer.from([0, 1, 0xff, 0]), info, digest, Buffer.alloc(LENGTH - 55, 0)]),
  ],
  ['of nothing', Buffer.alloc(LENGTH)],
])('an encoding %s is refused, as by OpenSSL', (_what, encoded) => {
  expect(encoded).toHaveLength(LENGTH);
  const signature = rsa2048.encrypt(encoded);
  expect(takenByOpenSsl(signature)).toBe(false);
  expect(isSignature(signature)).toBe(false);
});

test('a signature is refused that is longer or shorter than the modulus, or beyond it', () => {
  const signature = rsa2048.sign('sha256');
  expect(isSignature(signature)).toBe(true);
  expect(isSignature(Buffer.concat([Buffer.from([0]), signature]))).toBe(false);
  expect(isSignature(signature.subarray(1))).toBe(false);
  expect(isSignature(Buffer.alloc(0))).toBe(false);
  expect(isSignature(Buffer.alloc(LENGTH, 0xff))).toBe(false);
});

test('a signature that begins with a zero octet is accepted, and refused without it', () => {
  // One in 256 does.
  for (let attempt = 0; ; attempt++) {
    const text = Buffer.from(`message ${attempt}`);
    const signature = rsa2048.sign('sha256', text);
    if (signature[0] !== 0) continue;
    expect(isPkcs1Signature('sha256', text, signature, rsa2048.key)).toBe(true);
    expect(isPkcs1Signature('sha256', text, signature.subarray(1), rsa2048.key)).toBe(false);
    return;
  }
});
