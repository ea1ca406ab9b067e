import { randomBytes } from 'node:crypto';

/** A key of `keyedHash`: two signed words. */
export interface HashKey {
  readonly k0: number;
  readonly k1: number;
}

/** From eight octets that nobody else knows. */
export function hashKey(secret: Uint8Array): HashKey {
  const view = new DataView(secret.buffer, secret.byteOffset, secret.byteLength);
  return { k0: view.getInt32(0, true), k1: view.getInt32(4, true) };
}

/** This process's own. */
const OWN_KEY = hashKey(Uint8Array.from(randomBytes(8)));

/**
 * HalfSipHash-1-3 (Aumasson and Bernstein) of the octets between `from` and `to` and of a number, by default keyed by
 * this process: whoever chooses the serial numbers of a CRL cannot choose which of them collide. 32 bits, unsigned.
 */
export function keyedHash(
  bytes: Uint8Array,
  from: number,
  to: number,
  salt: number,
  { k0, k1 }: HashKey = OWN_KEY,
): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  // The salt, the words of the octets with the length in the last, and the empty words of three final rounds.
  const words = ((to - from) >> 2) + 2;
  for (let i = 0; i < words + 3; i++) {
    const word = i === 0 ? salt : i < words ? wordAt(bytes, from + 4 * (i - 1), to, to - from) : 0;
    if (i === words) v2 ^= 0xff;
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

/** Four octets little-endian; the last word of all is what is left, and the length. */
function wordAt(bytes: Uint8Array, at: number, to: number, length: number): number {
  if (at + 4 <= to)
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  let word = length << 24;
  for (let i = 0; at + i < to; i++) word |= bytes[at + i]! << (8 * i);
  return word;
}
