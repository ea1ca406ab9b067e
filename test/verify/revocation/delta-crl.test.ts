import { expect, test } from '@jest/globals';
import { deltaCrlIndicator, scope } from '../../pki/crl-extensions.js';
import type { Der } from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import type { CrlOptions, Issued } from '../../pki/pki.js';
import { codeOf, crl, hours, intermediate, judge, leaf, root } from '../crl-scene.js';
import { NOW } from '../scene.js';

const HOLD = 6;
const REMOVE_FROM_CRL = 8;

interface Options extends CrlOptions {
  readonly number?: number;
  readonly baseNumber?: number;
  /** The reason for the leaf's being listed. */
  readonly listed?: number;
  readonly scope?: Der;
  readonly keyOf?: Issued;
}

function options(
  { number = 5, listed, keyOf = intermediate, ...others }: Options,
  more: readonly Der[],
): CrlOptions {
  const entry = { serial: leaf.serial, date: hours(-3), extensions: [ext.reasonCode(listed ?? 0)] };
  return {
    revoked: listed === undefined ? [] : [entry],
    extensions: [
      ext.authorityKeyIdentifier(keyOf.key.spki),
      ext.crlNumber(number),
      ...(others.scope === undefined ? [] : [others.scope]),
      ...more,
    ],
    ...others,
  };
}

/** Number 5, issued four hours ago; stale by default. */
const complete = (given: Options = {}): Buffer =>
  crl(intermediate, { thisUpdate: hours(-4), nextUpdate: hours(-2), ...options(given, []) });
const fresh = (given: Options = {}): Buffer => complete({ nextUpdate: hours(2), ...given });
/** Number 7 upon 5, issued an hour ago and due in one. */
const delta = ({ baseNumber = 5, number = 7, ...given }: Options = {}): Buffer =>
  crl(intermediate, options({ number, ...given }, [deltaCrlIndicator(baseNumber)]));

test('a current delta CRL makes a stale complete one serve until the delta is due', () => {
  expect(codeOf({ stored: [complete()] })).toBe('CRL_STALE');
  const verdict = judge({ stored: [complete(), delta()] });
  expect(verdict).toMatchObject({ code: 'OK', validUntil: hours(1).toISOString() });
});

test('a delta CRL alone proves nothing good', () => {
  expect(codeOf({ stored: [delta()] })).toBe('DELTA_MISMATCH');
  expect(codeOf({ stored: [delta()], mode: 'soft' })).toBe('DELTA_MISMATCH');
});

test('what either of the two lists is revoked', () => {
  expect(codeOf({ stored: [fresh(), delta({ listed: 1 })] })).toBe('REVOKED');
  expect(codeOf({ stored: [fresh({ listed: 1 }), delta()] })).toBe('REVOKED');
  expect(codeOf({ stored: [complete({ listed: 1 }), delta()] })).toBe('REVOKED');
});

test('removeFromCRL in a current delta takes the revocation back', () => {
  expect(codeOf({ stored: [fresh({ listed: HOLD }), delta({ listed: REMOVE_FROM_CRL })] })).toBe('OK');
  expect(codeOf({ stored: [complete({ listed: HOLD }), delta({ listed: REMOVE_FROM_CRL })] })).toBe('OK');
});

test('a stale delta takes nothing back, and what it lists stands', () => {
  const past = { thisUpdate: hours(-3), nextUpdate: hours(-1) };
  const removal = delta({ ...past, listed: REMOVE_FROM_CRL });
  expect(codeOf({ stored: [fresh({ listed: HOLD }), removal] })).toBe('REVOKED');
  expect(codeOf({ stored: [fresh(), delta({ ...past, listed: HOLD })] })).toBe('REVOKED');
  expect(codeOf({ stored: [fresh(), delta(past)] })).toBe('OK');
  expect(codeOf({ stored: [complete(), delta(past)] })).toBe('CRL_STALE');
});

const URI = 'http://crl.example/1.crl';

test.each([
  ['whose base is newer than the complete CRL', { baseNumber: 6 }],
  ['older than the complete CRL', { number: 4, baseNumber: 3 }],
  ['of the same number as the complete CRL', { number: 5, baseNumber: 3 }],
  ['of another scope', { scope: scope({ userCerts: true }) }],
  ['with the identifier of another key', { keyOf: root }],
  ['signed wrongly', { breakSignature: true }],
  ['that is yet to come', { thisUpdate: hours(0.5) }],
] satisfies (readonly [string, Options])[])('a delta CRL %s updates nothing', (_which, wrong) => {
  expect(codeOf({ stored: [complete(), delta(wrong)] })).toMatch(/^(?:CRL_|DELTA_)/);
  const removal = delta({ ...wrong, listed: REMOVE_FROM_CRL });
  expect(codeOf({ stored: [fresh({ listed: HOLD }), removal] })).toBe('REVOKED');
});

test('a complete CRL with the same scope is updated, one that differs in a name is not', () => {
  const scoped = { scope: scope({ uri: URI, dn: intermediate.name }) };
  const other = { scope: scope({ dn: intermediate.name }) };
  expect(codeOf({ stored: [complete(scoped), delta(scoped)] })).toBe('OK');
  expect(codeOf({ stored: [complete(scoped), delta(other)] })).toBe('CRL_STALE');
});

test('of two deltas the newest that fits is taken', () => {
  const hold = delta({ number: 6, listed: HOLD, thisUpdate: hours(-2) });
  const removal = delta({ number: 7, listed: REMOVE_FROM_CRL });
  expect(codeOf({ stored: [hold, fresh(), removal] })).toBe('OK');
  // The newest has another base, of which the revocation is part.
  expect(codeOf({ stored: [hold, fresh(), delta({ number: 8, baseNumber: 6 })] })).toBe('REVOKED');
});

test('a revocation in an older delta does not outlive a newer complete CRL', () => {
  const older = delta({ number: 6, listed: HOLD, thisUpdate: hours(-5) });
  expect(codeOf({ stored: [older, fresh({ number: 6 })] })).toBe('OK');
  expect(codeOf({ stored: [older, complete({ number: 6 })] })).toBe('CRL_STALE');
});

test('at a past instant only a delta of before it updates', () => {
  const at = NOW - 90 * 60_000;
  const rootThen = crl(root, { thisUpdate: hours(-5) });
  const stale = complete({ nextUpdate: hours(-2) });
  expect(codeOf({ stored: [rootThen, stale, delta({ thisUpdate: hours(-3) })], at })).toBe('OK');
  expect(codeOf({ stored: [rootThen, stale, delta()], at })).toBe('REVOCATION_AT_UNKNOWN');
  const removal = delta({ listed: REMOVE_FROM_CRL });
  expect(codeOf({ stored: [rootThen, fresh({ listed: HOLD }), removal], at })).toBe('REVOKED');
});
