import { expect, test } from '@jest/globals';
import type { RevocationMode } from '../../../src/revocation-mode.js';
import type { VerifyRequest } from '../../../src/wire/request.js';
import type { Verdict } from '../../../src/wire/verdict.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { createCertificate, createCrl, createLeaf, type CrlOptions, type Issued } from '../../pki/pki.js';
import { ask, createChain, HOUR, NOW } from '../scene.js';

const { root, intermediate, leaf } = createChain();
const rootCrl = crl(root);

interface Case {
  readonly stored?: readonly Uint8Array[];
  readonly given?: readonly Uint8Array[];
  readonly mode?: RevocationMode;
  readonly leaf?: Issued;
  readonly at?: number;
  readonly request?: Partial<VerifyRequest>;
}

/** The verdict on the chain, with a good CRL of the root always at hand. */
function judge({ stored = [], given = [], mode = 'hard', leaf: child = leaf, at }: Case): Verdict {
  const scene = { anchors: [root], stored: [rootCrl, ...stored], crlGrace: 24 * HOUR };
  const request = { revocation: mode, crls: given, ...(at !== undefined && { at }) };
  return ask(scene, [child, intermediate], request);
}

/** A CRL issued an hour ago and due in one, unless told otherwise. */
function crl(issuer: Issued, options: CrlOptions = {}): Buffer {
  const times = { thisUpdate: new Date(NOW - HOUR), nextUpdate: new Date(NOW + HOUR) };
  return createCrl(issuer, { ...times, ...options }).der;
}

const hours = (count: number): Date => new Date(NOW + count * HOUR);
const revoked = { revoked: [{ serial: leaf.serial, date: hours(-2), extensions: [ext.reasonCode(1)] }] };

test('a leaf that current CRLs do not list is valid until the first CRL is due', () => {
  const verdict = judge({ stored: [crl(intermediate)] });
  expect(verdict).toMatchObject({ code: 'OK', validUntil: hours(1).toISOString() });
  expect(verdict.revocation).toMatchObject([
    {
      cert: verdict.path[0],
      state: 'good',
      source: 'store',
      number: '1',
      thisUpdate: hours(-1).toISOString(),
    },
    { cert: verdict.path[1], state: 'good' },
  ]);
});

test('a listed leaf is revoked in every mode but off', () => {
  const given = [crl(intermediate, revoked)];
  for (const mode of ['hard', 'grace', 'soft'] as const) {
    const verdict = judge({ given, mode });
    expect(verdict).toMatchObject({ status: 'invalid', code: 'REVOKED' });
    expect(verdict.revocation[0]).toMatchObject({
      state: 'revoked',
      reason: 'keyCompromise',
      date: hours(-2).toISOString(),
      source: 'request',
    });
  }
  expect(judge({ given, mode: 'off' })).toMatchObject({ code: 'OK', revocation: [] });
});

test('a revoked CA makes the path invalid', () => {
  const listing = crl(root, { thisUpdate: hours(-0.5), revoked: [{ serial: intermediate.serial }] });
  expect(judge({ stored: [listing, crl(intermediate)] }).code).toBe('REVOKED');
});

test('without a CRL the status is unknown, which only soft forgives', () => {
  expect(judge({})).toMatchObject({ status: 'indeterminate', code: 'CRL_NONE' });
  expect(judge({ mode: 'soft' })).toMatchObject({ status: 'valid', code: 'OK_SOFT' });
});

test('a stale CRL is unknown to hard, forgiven by soft, and serves grace for its while', () => {
  const stale = { thisUpdate: hours(-30), nextUpdate: hours(-10) };
  const stored = [crl(intermediate, stale)];
  expect(judge({ stored }).code).toBe('CRL_STALE');
  expect(judge({ stored, mode: 'soft' }).code).toBe('OK_SOFT');
  expect(judge({ stored, mode: 'grace' })).toMatchObject({ code: 'OK', validUntil: hours(14).toISOString() });
  const staler = [crl(intermediate, { thisUpdate: hours(-60), nextUpdate: hours(-25) })];
  expect(judge({ stored: staler, mode: 'grace' }).code).toBe('CRL_STALE');
});

test('a revocation in a stale CRL stands, for soft too', () => {
  const stored = [crl(intermediate, { ...revoked, thisUpdate: hours(-30), nextUpdate: hours(-10) })];
  expect(judge({ stored }).code).toBe('REVOKED');
  expect(judge({ stored, mode: 'soft' }).code).toBe('REVOKED');
});

test('a CRL that ends this very instant is stale', () => {
  expect(judge({ stored: [crl(intermediate, { nextUpdate: hours(0) })] }).code).toBe('CRL_STALE');
});

test('a CRL from the request does not outrank a newer stored one', () => {
  const older = crl(intermediate, { thisUpdate: hours(-3) });
  expect(judge({ stored: [crl(intermediate, revoked)], given: [older] }).code).toBe('REVOKED');
  expect(judge({ stored: [older], given: [crl(intermediate, revoked)] }).code).toBe('REVOKED');
});

test('of two CRLs of one instant the higher number decides', () => {
  const numbered = (number: number, options: CrlOptions = {}): Buffer =>
    crl(intermediate, { ...options, extensions: [ext.crlNumber(number)] });
  expect(judge({ stored: [numbered(4), numbered(5, revoked)] }).code).toBe('REVOKED');
  expect(judge({ stored: [numbered(5), numbered(4, revoked)] }).code).toBe('OK');
});

test.each([
  ['CRL_BAD_SIGNATURE', crl(intermediate, { breakSignature: true })],
  ['CRL_ISSUER_UNTRUSTED', crl({ ...root, name: intermediate.name })],
  ['CRL_NOT_YET_VALID', crl(intermediate, { thisUpdate: hours(0.5) })],
  ['CRL_NO_NEXT_UPDATE', crl(intermediate, { nextUpdate: null })],
  [
    'CRL_CRITICAL_EXTENSION',
    crl(intermediate, { extensions: [ext.extension('1.2.3.4', der.derNull(), true)] }),
  ],
  [
    'CRL_CRITICAL_EXTENSION',
    crl(intermediate, {
      revoked: [{ serial: 99, extensions: [ext.extension('1.2.3.4', der.derNull(), true)] }],
    }),
  ],
  [
    'CRL_SCOPE',
    crl(intermediate, { extensions: [ext.issuingDistributionPoint(der.implicit(2, der.raw(0xff)))] }),
  ],
  [
    'CRL_SCOPE',
    crl(intermediate, { extensions: [ext.issuingDistributionPoint(der.implicit(5, der.raw(0xff)))] }),
  ],
  ['CRL_MALFORMED', crl(intermediate).subarray(0, -1)],
] as const)('%s leaves the status unknown, and soft does not forgive it', (code, given) => {
  expect(judge({ given: [given] })).toMatchObject({ status: 'indeterminate', code });
  expect(judge({ given: [given], mode: 'soft' })).toMatchObject({ status: 'indeterminate', code });
});

test('a CRL a few minutes ahead of this clock is taken', () => {
  expect(judge({ stored: [crl(intermediate, { thisUpdate: new Date(NOW + 4 * 60_000) })] }).code).toBe('OK');
});

test('an unusable CRL does not hide an older usable one', () => {
  const forged = crl(intermediate, { breakSignature: true, thisUpdate: hours(-0.5) });
  expect(judge({ stored: [crl(intermediate)], given: [forged] }).code).toBe('OK');
});

test('a CA that may not sign CRLs proves nothing by one', () => {
  const mute = createCertificate({
    issuer: root,
    subject: 'No CRLs',
    extensions: [ext.basicConstraints(), ext.keyUsage('keyCertSign')],
  });
  const scene = { anchors: [root], stored: [rootCrl, crl(mute)] };
  expect(ask(scene, [createLeaf(mute), mute], { revocation: 'hard' }).code).toBe('CRL_KEY_USAGE');
});

test('a CRL of one distribution point serves the certificates that name it, and no others', () => {
  const uri = 'http://crl.example/1.crl';
  const point = der.explicit(0, der.explicit(0, ext.generalName.uri(uri)));
  const stored = [crl(intermediate, { extensions: [ext.issuingDistributionPoint(point)] })];
  const named = createLeaf(intermediate, { extensions: [ext.crlDistributionPoints(uri)] });
  const other = createLeaf(intermediate, { extensions: [ext.crlDistributionPoints(`${uri}2`)] });
  expect(judge({ stored, leaf: named }).code).toBe('OK');
  expect(judge({ stored, leaf: other }).code).toBe('CRL_SCOPE');
  expect(judge({ stored }).code).toBe('CRL_SCOPE');
});

test('a delta CRL proves a revocation and never a good standing', () => {
  const delta = (options: CrlOptions = {}): Buffer => {
    const indicator = ext.extension('2.5.29.27', der.integer(1), true);
    return crl(intermediate, { ...options, extensions: [ext.crlNumber(2), indicator] });
  };
  expect(judge({ stored: [delta()] }).code).toBe('DELTA_MISMATCH');
  expect(judge({ stored: [crl(intermediate), delta()] }).code).toBe('OK');
  expect(judge({ stored: [crl(intermediate), delta(revoked)] }).code).toBe('REVOKED');
});

test('at a past instant a CRL serves that was current then', () => {
  const then = crl(intermediate, { thisUpdate: hours(-100), nextUpdate: hours(-90) });
  const rootThen = crl(root, { thisUpdate: hours(-100), nextUpdate: hours(-90) });
  const stored = [then, rootThen];
  expect(judge({ stored, at: NOW - 95 * HOUR }).code).toBe('OK');
  expect(judge({ stored, at: NOW - 100 * HOUR }).code).toBe('OK');
  expect(judge({ stored, at: NOW - 90 * HOUR }).code).toBe('REVOCATION_AT_UNKNOWN');
  expect(judge({ stored, at: NOW - 101 * HOUR }).code).toBe('REVOCATION_AT_UNKNOWN');
});

test('at a past instant a later CRL proves only a revocation that was before it', () => {
  const later = crl(intermediate, {
    revoked: [{ serial: leaf.serial, date: hours(-50) }],
    thisUpdate: hours(-1),
  });
  const then = crl(intermediate, { thisUpdate: hours(-100), nextUpdate: hours(-10) });
  const rootThen = crl(root, { thisUpdate: hours(-100), nextUpdate: hours(-10) });
  expect(judge({ stored: [later, rootThen], at: NOW - 40 * HOUR }).code).toBe('REVOKED');
  expect(judge({ stored: [later, rootThen], at: NOW - 60 * HOUR }).code).toBe('REVOCATION_AT_UNKNOWN');
  expect(judge({ stored: [later, then, rootThen], at: NOW - 60 * HOUR }).code).toBe('OK');
  expect(judge({ stored: [later, then, rootThen], at: NOW - 40 * HOUR }).code).toBe('REVOKED');
});
