import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RequestError } from '../../src/verify/failure.js';
import { isoTime } from '../../src/verify/verdict.js';
import * as der from '../pki/der-builder.js';
import { createCertificate, createCrl, createIntermediate, createLeaf, createRoot } from '../pki/pki.js';
import { ask, createChain, NOW } from './scene.js';

const { root, intermediate, leaf } = createChain();
const scene = { anchors: [root] };
const LAST = 8_640_000_000_000_000;

const anyNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    -0,
    0.5,
    LAST,
    LAST + 1,
    9e15,
    -1,
    -LAST - 1,
    2 ** 63,
    2 ** 64,
    1e308,
    NaN,
    Infinity,
    -Infinity,
  ),
);

test('any number as `at` is an instant of the past, or BAD_ARGUMENT', () => {
  fc.assert(
    fc.property(anyNumber, (at) => {
      const isPast = at >= 0 && at <= NOW;
      try {
        expect(ask(scene, [leaf, intermediate], { at }).code).toBe(
          at >= Date.parse('2020-01-01') ? 'OK' : 'NOT_YET_VALID',
        );
        expect(isPast).toBe(true);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        expect(error.code).toBe('BAD_ARGUMENT');
        expect(isPast).toBe(false);
      }
    }),
  );
});

test.each([9e15, LAST + 1, -1, NaN, Infinity])('at=%d is refused with the range that `at` has', (at) => {
  expect(() => ask(scene, [leaf, intermediate], { at })).toThrow(
    /is not an instant: .* from 0 to 8640000000000000$/,
  );
});

test('the last instant of a Date is one, though it is to come', () => {
  expect(() => ask(scene, [leaf, intermediate], { at: LAST })).toThrow(
    'at=+275760-09-13T00:00:00.000Z is in the future',
  );
});

/** The ends of what a GeneralizedTime can say, and others. */
const EDGES = [
  '0000-01-01',
  '0001-06-15',
  '1969-12-31',
  '1970-01-01',
  '2049-12-31',
  '2050-01-01',
  '9999-12-31',
];
const edge = fc.constantFrom(...EDGES).map((day) => new Date(`${day}T23:59:59Z`));
/** ms: nothing, a day, the most that the options take, and beyond. */
const span = fc.constantFrom(0, 86_400_000, 3650 * 86_400_000, LAST, 1e300);
const mode = fc.constantFrom('hard' as const, 'grace' as const, 'soft' as const);

test('no date of a certificate or a CRL, with whatever is added to it, ends in an error', () => {
  fc.assert(
    fc.property(
      fc.record({ from: edge, to: edge, issued: edge, next: fc.option(edge), revoked: edge, now: edge }),
      fc.record({ grace: span, maxAge: fc.option(span), at: fc.boolean() }),
      mode,
      (dates, { grace, maxAge, at }, revocation) => {
        const ca = createRoot({ notBefore: dates.from, notAfter: dates.to, key: root.key });
        const child = createCertificate({
          issuer: ca,
          notBefore: dates.from,
          notAfter: dates.to,
          writeTime: der.generalizedTime,
          key: leaf.key,
        });
        const crl = createCrl(ca, {
          thisUpdate: dates.issued,
          nextUpdate: dates.next,
          revoked: [
            { serial: 1, date: dates.revoked },
            ...(at ? [{ serial: child.serial, date: dates.revoked }] : []),
          ],
        });
        const now = Math.max(1, dates.now.getTime());
        const { checkedAt, validUntil } = ask(
          { anchors: [ca], now, crlGrace: grace, profile: { crlMaxAge: maxAge } },
          [child],
          { crls: [crl.der], revocation, ...(at && { at: now - 1 }) },
        );
        expect(checkedAt).toBe(new Date(now).toISOString());
        if (validUntil !== null) expect(Date.parse(validUntil)).not.toBeNaN();
      },
    ),
    { numRuns: 200 },
  );
});

test('an intermediate of year 9999 and a leaf of year 0 are told by their dates', () => {
  const ca = createIntermediate(root, { notAfter: new Date('9999-12-31T23:59:59Z') });
  const first = new Date('0000-01-01T00:00:00Z');
  const old = createLeaf(ca, { notBefore: first, notAfter: first });
  expect(ask(scene, [old, ca])).toMatchObject({
    code: 'EXPIRED',
    message: 'CN=leaf.example was valid until 0000-01-01T00:00:00.000Z',
  });
});

test.each([
  [Infinity, '+275760-09-13T00:00:00.000Z'],
  [LAST + 1000, '+275760-09-13T00:00:00.000Z'],
  [-Infinity, '-271821-04-20T00:00:00.000Z'],
  [NOW, '2026-06-01T12:00:00.000Z'],
])('the time %d is written %s', (time, text) => {
  expect(isoTime(time)).toBe(text);
});
