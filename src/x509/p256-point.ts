/** Limbs of 16 bits, the least first: what two of them make, and sums of many of those, a double holds exactly. */
const LIMBS = 16;
const BASE = 0x1_00_00;

type Limbs = Float64Array;

const limbsOf = (hex: string): Limbs =>
  Float64Array.from({ length: LIMBS }, (_, index) =>
    Number.parseInt(hex.slice(60 - 4 * index, 64 - 4 * index), 16),
  );

/** FIPS 186-4 D.1.2.3; a is -3. */
const P = limbsOf('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff');
const B = limbsOf('5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b');

// Made once: nothing here outlives a call.
const x = new Float64Array(LIMBS);
const y = new Float64Array(LIMBS);
const square = new Float64Array(LIMBS);
const sum = new Float64Array(LIMBS);
const wide = new Float64Array(2 * LIMBS);

/**
 * Is y² = x³ - 3x + b modulo p, with both coordinates below p? In plain numbers, since the same with BigInt takes a
 * multiple, and leaf certificates come one after the other with keys of this curve.
 *
 * @param from where the 32 octets of x begin, those of y behind them
 */
export function isOnP256(bytes: Uint8Array, from: number): boolean {
  read(x, bytes, from);
  read(y, bytes, from + 2 * LIMBS);
  if (!isBelowP(x) || !isBelowP(y)) return false;
  multiply(square, x, x);
  // x² - 3, times x, plus b
  square[0]! -= 3;
  multiply(sum, square, x);
  for (let i = 0; i < LIMBS; i++) sum[i]! += B[i]!;
  multiply(square, y, y);
  for (let i = 0; i < LIMBS; i++) sum[i]! -= square[i]!;
  carry(sum);
  return isZeroOrP(sum);
}

function read(limbs: Limbs, bytes: Uint8Array, from: number): void {
  for (let i = 0, at = from + 2 * LIMBS - 2; i < LIMBS; i++, at -= 2)
    limbs[i] = bytes[at]! * 256 + bytes[at + 1]!;
}

function isBelowP(limbs: Limbs): boolean {
  for (let i = LIMBS - 1; i >= 0; i--) if (limbs[i] !== P[i]) return limbs[i]! < P[i]!;
  return false;
}

/** The product modulo p, from 0 to 2^256 - 1. */
function multiply(product: Limbs, one: Limbs, other: Limbs): void {
  wide.fill(0);
  for (let i = 0; i < LIMBS; i++) {
    const factor = one[i]!;
    for (let j = 0; j < LIMBS; j++) wide[i + j]! += factor * other[j]!;
  }
  // 2^256 is 2^224 - 2^192 - 2^96 + 1 modulo p: from the top, for what is added may have to be folded again.
  for (let i = 2 * LIMBS - 1; i >= LIMBS; i--) fold(wide, i - LIMBS, wide[i]!);
  for (let i = 0; i < LIMBS; i++) product[i] = wide[i]!;
  carry(product);
}

/** Adds so many times 2^(256 + 16 × at). */
function fold(limbs: Limbs, at: number, count: number): void {
  limbs[at]! += count;
  limbs[at + 6]! -= count;
  limbs[at + 12]! -= count;
  limbs[at + 14]! += count;
}

/** Makes every limb one of 16 bits; what is carried beyond the last is folded, until nothing is. */
function carry(limbs: Limbs): void {
  for (;;) {
    let over = 0;
    for (let i = 0; i < LIMBS; i++) {
      const value = limbs[i]! + over;
      over = Math.floor(value / BASE);
      limbs[i] = value - over * BASE;
    }
    if (over === 0) return;
    fold(limbs, 0, over);
  }
}

/** Below 2^256 only these two are 0 modulo p. */
function isZeroOrP(limbs: Limbs): boolean {
  let isZero = true;
  let isP = true;
  for (let i = 0; i < LIMBS; i++) {
    isZero &&= limbs[i] === 0;
    isP &&= limbs[i] === P[i];
  }
  return isZero || isP;
}
