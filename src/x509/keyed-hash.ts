import { randomBytes } from 'node:crypto';

/** A key of `keyedHash`: two signed words. */
export interface HashKey {
  readonly k0: number;
  readonly k1: number;
}

/** From eight secret octets. */
export function hashKey(secret: Uint8Array): HashKey {
  const view = new DataView(secret.buffer, secret.byteOffset, secret.byteLength);
  return { k0: view.getInt32(0, true), k1: view.getInt32(4, true) };
}

/** This process's own. */
const OWN_KEY = hashKey(Uint8Array.from(randomBytes(8)));

/**
 * HalfSipHash-1-3 (Aumasson and Bernstein) of the octets between `from` and `to` and of a number, by default with a key
 * of this process: a CA that chooses the serial numbers of a CRL cannot choose which of them collide. 32 bits,
 * unsigned.
 */
export function keyedHash(
  bytes: Uint8Array,
  from: number,
  to: number,
  salt: number,
  key: HashKey = OWN_KEY,
): number {
  const length = to - from;
  if (4 * scratch.length < length) scratch = new Int32Array(length);
  let at = from;
  let count = 0;
  for (; at + 4 <= to; at += 4) {
    scratch[count++] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }
  if (at < to) scratch[count] = tailWord(bytes, at, to);
  return keyedHashOfWords(scratch, length, salt, key);
}

let scratch = new Int32Array(16);

/** Up to three octets as a word, the first of them lowest. */
export function tailWord(bytes: Uint8Array, from: number, to: number): number {
  let word = 0;
  for (let i = from; i < to; i++) word |= bytes[i]! << (8 * (i - from));
  return word;
}

/** The same of `length` octets that stand in words already, four a word, the last filled up with zeros. */
export function keyedHashOfWords(
  words: Int32Array,
  length: number,
  salt: number,
  { k0, k1 }: HashKey,
): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  const whole = length >> 2;
  const last = (length << 24) | ((length & 3) === 0 ? 0 : words[whole]!);
  // The salt, the whole words, the last with the length, and the empty words of three final rounds.
  for (let i = -1; i < whole + 4; i++) {
    const word = i < whole ? (i < 0 ? salt : words[i]!) : i === whole ? last : 0;
    if (i === whole + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}
