import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CURVES, isOnCurve } from '../../src/x509/curves.js';
import { OID } from '../../src/x509/oid.js';
import { isOnP256 } from '../../src/x509/p256-point.js';

const curve = CURVES.get(OID.prime256v1)!;

function newPoint(): Buffer {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
}

const written = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const point = (x: bigint, y: bigint): Buffer => Buffer.concat([Buffer.of(4), written(x), written(y)]);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % curve.p;
    if (bit === '1') result = (result * base) % curve.p;
  }
  return result;
}

/** A point with this x, where there is one: p is 3 modulo 4. */
function withX(x: bigint): Buffer | undefined {
  const square = ((((x * x - 3n) * x + curve.b) % curve.p) + curve.p) % curve.p;
  const y = power(square, (curve.p + 1n) / 4n);
  return (y * y) % curve.p === square ? point(x, y) : undefined;
}

/** Numbers at which carries and folds run far. */
const edge = fc.oneof(
  fc.bigInt(0n, (1n << 256n) - 1n),
  fc.constantFrom(
    0n,
    1n,
    2n,
    3n,
    curve.p - 1n,
    curve.p - 2n,
    curve.p - 3n,
    curve.p,
    curve.p + 1n,
    (1n << 256n) - 1n,
  ),
  fc
    .tuple(fc.nat(255), fc.nat(3))
    .map(([bit, less]) =>
      (1n << BigInt(bit)) - BigInt(less) < 0n ? 0n : (1n << BigInt(bit)) - BigInt(less),
    ),
);

test('keys are on the curve, and with a bit turned over they are not', () => {
  for (let count = 0; count < 200; count++) {
    const own = newPoint();
    expect(isOnP256(own, 1)).toBe(true);
    const beside = Buffer.from(own);
    beside[1 + (count % 64)]! ^= 1 << (count & 7);
    expect(isOnP256(beside, 1)).toBe(false);
  }
});

test('it says of any two numbers what the equation says, also where they are at the edges', () => {
  fc.assert(
    fc.property(edge, edge, (x, y) => {
      const own = point(x, y);
      expect(isOnP256(own, 1)).toBe(isOnCurve(own, curve));
      const real = x < curve.p ? withX(x) : undefined;
      if (real === undefined) return;
      expect(isOnCurve(real, curve)).toBe(true);
      expect(isOnP256(real, 1)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
