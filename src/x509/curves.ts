import type { JsonWebKey } from 'node:crypto';
import { OID } from './oid.js';

/** A named curve y² = x³ + ax + b over the integers modulo the prime p (SEC 2; RFC 5639 §3). */
export interface Curve {
  /** OpenSSL's name of the curve. */
  readonly name: string;
  /** Of p. */
  readonly bits: number;
  /** The name by RFC 7518 §6.2.1.1 and RFC 8812 §3.1, if they have one. */
  readonly jwk: JsonWebKey['crv'];
  readonly p: bigint;
  readonly a: bigint;
  readonly b: bigint;
}

/** The curves that are known here, by OID (RFC 5480 §2.1.1.1, RFC 5639 §4.1). */
export const CURVES: ReadonlyMap<string, Curve> = new Map([
  curve(OID.prime256v1, 'prime256v1', 'P-256', {
    p: 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff',
    a: 'ffffffff00000001000000000000000000000000fffffffffffffffffffffffc',
    b: '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b',
  }),
  curve(OID.secp224r1, 'secp224r1', undefined, {
    p: 'ffffffffffffffffffffffffffffffff000000000000000000000001',
    a: 'fffffffffffffffffffffffffffffffefffffffffffffffffffffffe',
    b: 'b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4',
  }),
  curve(OID.secp256k1, 'secp256k1', 'secp256k1', {
    p: 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    a: '0',
    b: '7',
  }),
  curve(OID.secp384r1, 'secp384r1', 'P-384', {
    p: 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff',
    a: 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc',
    b: 'b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef',
  }),
  curve(OID.secp521r1, 'secp521r1', 'P-521', {
    p: '1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    a: '1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc',
    b: '51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00',
  }),
  curve(OID.brainpoolP256r1, 'brainpoolP256r1', undefined, {
    p: 'a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377',
    a: '7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9',
    b: '26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6',
  }),
  curve(OID.brainpoolP384r1, 'brainpoolP384r1', undefined, {
    p: '8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53',
    a: '7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826',
    b: '4a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11',
  }),
  curve(OID.brainpoolP512r1, 'brainpoolP512r1', undefined, {
    p: 'aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3',
    a: '7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca',
    b: '3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723',
  }),
]);

/** The duration of `isOnCurve` for a compressed point in µs: a power modulo p. */
export function compressedPointCost({ bits }: Curve): number {
  return Math.ceil((bits / 256) ** 3 * 200);
}

/** Is it a point, compressed or not, in the length that the curve's have (RFC 5480 §2.2)? */
export function isPointForm(point: Uint8Array, { bits }: Curve): boolean {
  const octets = (bits + 7) >> 3;
  return point[0] === 4
    ? point.length === 1 + 2 * octets
    : isCompressed(point) && point.length === 1 + octets;
}

/** Does the octet string begin as a compressed point does (SEC 1 §2.3.3)? */
export function isCompressed(point: Uint8Array): boolean {
  return point[0] === 2 || point[0] === 3;
}

/** Whether the coordinates of a well-formed point are below p and fulfil the curve's equation (SEC 1 §2.3.4). */
export function isOnCurve(point: Uint8Array, { bits, p, a, b }: Curve): boolean {
  const octets = (bits + 7) >> 3;
  const x = numberIn(point, 1, 1 + octets);
  if (x >= p) return false;
  const square = x * (x * x + a) + b;
  if (isCompressed(point)) return isSquare(square % p, p);
  const y = numberIn(point, 1 + octets, 1 + 2 * octets);
  return y < p && (square - y * y) % p === 0n;
}

/** Euler's criterion. */
function isSquare(value: bigint, p: bigint): boolean {
  return value === 0n || power(value, (p - 1n) >> 1n, p) === 1n;
}

function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % p;
    if (bit === '1') result = (result * base) % p;
  }
  return result;
}

/** Eight octets at a time: by way of hexadecimal digits it takes a third longer. */
function numberIn(bytes: Uint8Array, from: number, to: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = from;
  let value = 0n;
  for (; (to - at) % 8 !== 0; at++) value = (value << 8n) | BigInt(view.getUint8(at));
  for (; at < to; at += 8) value = (value << 64n) | view.getBigUint64(at);
  return value;
}

interface HexNumbers {
  readonly p: string;
  readonly a: string;
  readonly b: string;
}

function curve(oid: string, name: string, jwk: Curve['jwk'], hex: HexNumbers): readonly [string, Curve] {
  const p = BigInt(`0x${hex.p}`);
  const [a, b] = [BigInt(`0x${hex.a}`), BigInt(`0x${hex.b}`)];
  return [oid, { name, bits: p.toString(2).length, jwk, p, a, b }];
}
