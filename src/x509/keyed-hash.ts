import { randomBytes } from 'node:crypto';

const secret = randomBytes(8);
const K0 = secret.readInt32LE(0);
const K1 = secret.readInt32LE(4);

/**
 * HalfSipHash-1-3 (Aumasson and Bernstein) of the octets between `from` and `to` and of a number, keyed by
 * this process: whoever chooses the serial numbers of a CRL cannot choose which of them collide.
 */
export function keyedHash(bytes: Uint8Array, from: number, to: number, salt: number): number {
  let v0 = K0;
  let v1 = K1;
  let v2 = 0x6c796765 ^ K0;
  let v3 = 0x74656462 ^ K1;
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
