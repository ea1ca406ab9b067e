/**
 * Limbs of 24 bits, the least first. A product of two is of 48 bits, so that a double holds the sum of as many as
 * there are exactly. The last of a coordinate has 16 bits.
 */
const LIMBS = 11;
const BITS = 24;
const BASE = 2 ** BITS;
/** Octets of a coordinate. */
const COORDINATE = 32;

type Limbs = Float64Array;

/** FIPS 186-4 D.1.2.3; a is -3. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** 1 / R modulo p, of the R that `reduce` divides by. */
const INVERSE = power(2n ** BigInt(BITS * LIMBS), P - 2n);
const P_LIMBS = limbsOf(P);
const B_REDUCED = limbsOf((B * INVERSE) % P);
const THREE_REDUCED = limbsOf((3n * INVERSE) % P);

// Made once: nothing here outlives a call.
const x = new Float64Array(LIMBS);
const y = new Float64Array(LIMBS);
const square = new Float64Array(LIMBS);
const wide = new Float64Array(2 * LIMBS);
const other = new Float64Array(2 * LIMBS);

/**
 * Whether y² = x³ - 3x + b modulo p, with both coordinates below p. It uses plain numbers, since BigInt takes a
 * multiple of the time, and many leaf certificates have keys of this curve. It computes the difference of the two
 * sides, divided by powers of R (Montgomery multiplication), which is 0 modulo p in the same cases.
 *
 * @param from the start of the 32 octets of x, followed by those of y
 */
export function isOnP256(bytes: Uint8Array, from: number): boolean {
  read(x, bytes, from);
  read(y, bytes, from + COORDINATE);
  if (!isBelowP(x) || !isBelowP(y)) return false;
  multiplyByItself(wide, x);
  reduce(wide);
  // x² - 3
  for (let i = 0; i < LIMBS; i++) square[i] = wide[LIMBS + i]! - THREE_REDUCED[i]!;
  carry(square);
  multiply(wide, square, x);
  multiplyByItself(other, y);
  reduce(other);
  for (let i = 0; i < LIMBS; i++) wide[i]! += B_REDUCED[i]! - other[LIMBS + i]!;
  reduce(wide);
  // Once more, without a product: what is left is from 0 to p.
  for (let i = 0; i < LIMBS; i++) {
    wide[i] = wide[LIMBS + i]!;
    wide[LIMBS + i] = 0;
  }
  reduce(wide);
  for (let i = 0; i < LIMBS; i++) square[i] = wide[LIMBS + i]!;
  carry(square);
  return isZeroOrP(square);
}

function read(limbs: Limbs, bytes: Uint8Array, from: number): void {
  let at = from + COORDINATE - 3;
  for (let i = 0; i < LIMBS - 1; i++, at -= 3)
    limbs[i] = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  limbs[LIMBS - 1] = (bytes[from]! << 8) | bytes[from + 1]!;
}

function isBelowP(limbs: Limbs): boolean {
  for (let i = LIMBS - 1; i >= 0; i--) if (limbs[i] !== P_LIMBS[i]) return limbs[i]! < P_LIMBS[i]!;
  return false;
}

function clear(limbs: Limbs): void {
  for (let i = 0; i < limbs.length; i++) limbs[i] = 0;
}

function multiply(product: Limbs, one: Limbs, two: Limbs): void {
  clear(product);
  for (let i = 0; i < LIMBS; i++) {
    const factor = one[i]!;
    for (let j = 0; j < LIMBS; j++) product[i + j]! += factor * two[j]!;
  }
}

/** Each product of two different limbs is needed twice. */
function multiplyByItself(product: Limbs, one: Limbs): void {
  clear(product);
  for (let i = 0; i < LIMBS; i++) {
    const factor = one[i]!;
    product[2 * i]! += factor * factor;
    const twice = 2 * factor;
    for (let j = i + 1; j < LIMBS; j++) product[i + j]! += twice * one[j]!;
  }
}

/**
 * Divides by R = 2^264 modulo p: leaves in the upper half a number that, times R, is the whole of before, modulo p. A
 * multiple of p is added for each lower limb in turn, which makes it 0. p is 2^256 - 2^224 + 2^192 + 2^96 - 1, so that
 * it is added the limb's own number of times.
 */
function reduce(limbs: Limbs): void {
  for (let i = 0; i < LIMBS; i++) {
    const value = limbs[i]!;
    const over = Math.floor(value / BASE);
    const count = value - over * BASE;
    limbs[i + 1]! += over;
    limbs[i + 4]! += count;
    limbs[i + 8]! += count;
    limbs[i + 9]! -= count * 2 ** 8;
    limbs[i + 10]! += count * 2 ** 16;
  }
}

/** Makes every limb but the last one of 24 bits. */
function carry(limbs: Limbs): void {
  let over = 0;
  for (let i = 0; i < LIMBS - 1; i++) {
    const value = limbs[i]! + over;
    over = Math.floor(value / BASE);
    limbs[i] = value - over * BASE;
  }
  limbs[LIMBS - 1]! += over;
}

/** Among the possible results of `isOnP256` only these two are 0 modulo p. */
function isZeroOrP(limbs: Limbs): boolean {
  let isZero = true;
  let isP = true;
  for (let i = 0; i < LIMBS; i++) {
    isZero &&= limbs[i] === 0;
    isP &&= limbs[i] === P_LIMBS[i];
  }
  return isZero || isP;
}

function limbsOf(value: bigint): Limbs {
  return Float64Array.from({ length: LIMBS }, (_, i) =>
    Number(BigInt.asUintN(BITS, value >> BigInt(BITS * i))),
  );
}

/** Modulo p. */
function power(base: bigint, exponent: bigint): bigint {
  let product = 1n;
  let factor = base % P;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) product = (product * factor) % P;
    factor = (factor * factor) % P;
  }
  return product;
}
