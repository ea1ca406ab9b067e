import { generateKeyPairSync, getCurves } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { type Curve, CURVES, isCompressed, isOnCurve, isPointForm } from '../../src/x509/curves.js';

const known = [...CURVES.values()].filter(({ name }) => getCurves().includes(name));
const octetsOf = ({ bits }: Curve): number => (bits + 7) >> 3;

/** As OpenSSL writes it: 04, x, y. */
function newPoint(curve: Curve): Buffer {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: curve.name });
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-(1 + 2 * octetsOf(curve)));
}

function compressed(point: Buffer, curve: Curve): Buffer {
  return Buffer.concat([Buffer.of(2 + (point.at(-1)! & 1)), point.subarray(1, 1 + octetsOf(curve))]);
}

function written(value: bigint, octets: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * octets, '0'), 'hex');
}

test('every curve that is known can be tried here, or the running OpenSSL lacks it', () => {
  expect(known.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['prime256v1', 'secp384r1', 'secp521r1']),
  );
});

test.each(known.map((curve) => [curve.name, curve] as const))(
  'keys of %s are on the curve',
  (_name, curve) => {
    for (let count = 0; count < 8; count++) {
      const point = newPoint(curve);
      const short = compressed(point, curve);
      for (const form of [point, short]) {
        expect(isPointForm(form, curve)).toBe(true);
        expect(isOnCurve(form, curve)).toBe(true);
      }
      expect([isCompressed(point), isCompressed(short)]).toEqual([false, true]);
    }
  },
);

test.each(known.map((curve) => [curve.name, curve] as const))(
  'what is beside %s, or has another form, is no key of it',
  (_name, curve) => {
    const octets = octetsOf(curve);
    const point = newPoint(curve);
    for (let bit = 0; bit < 8 * (point.length - 1); bit += 37) {
      const beside = Buffer.from(point);
      beside[1 + (bit >> 3)]! ^= 1 << (bit & 7);
      expect(isOnCurve(beside, curve)).toBe(false);
    }
    // Equal to a point modulo p, where that has the room.
    const [x, y] = [point.subarray(1, 1 + octets), point.subarray(1 + octets)].map((part) =>
      BigInt(`0x${part.toString('hex')}`),
    );
    const above = [x! + curve.p, y! + curve.p];
    if (above[0]! < 1n << BigInt(8 * octets))
      expect(
        isOnCurve(Buffer.concat([Buffer.of(4), written(above[0]!, octets), written(y!, octets)]), curve),
      ).toBe(false);
    if (above[1]! < 1n << BigInt(8 * octets))
      expect(
        isOnCurve(Buffer.concat([Buffer.of(4), written(x!, octets), written(above[1]!, octets)]), curve),
      ).toBe(false);
    expect(isOnCurve(Buffer.concat([Buffer.of(4), Buffer.alloc(2 * octets)]), curve)).toBe(curve.b === 0n);
    for (const form of [
      Buffer.of(0),
      Buffer.of(),
      point.subarray(0, -1),
      Buffer.concat([point, Buffer.of(0)]),
    ])
      expect(isPointForm(form, curve)).toBe(false);
    // About half of all x belong to no point.
    const outcomes = new Set<boolean>();
    for (let value = 1n; value < 40n; value += 1n)
      outcomes.add(isOnCurve(Buffer.concat([Buffer.of(2), written(value, octets)]), curve));
    expect(outcomes.size).toBe(2);
  },
);
