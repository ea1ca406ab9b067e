import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BASE_RULES } from '../../../src/verify/profiles.js';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { ocspRefusal } from '../../pki/ocsp.js';
import { createLeaf } from '../../pki/pki.js';
import { crl, hours, intermediate, leaf, root } from '../crl-scene.js';
import { codeOf, codeWith, judge, respond, response, single } from '../ocsp-scene.js';
import { NOW } from '../scene.js';

const revoked = { status: { date: hours(-2), reason: 1 } };

test('a good response clears the leaf without a CRL, until it is due', () => {
  const verdict = judge({ ocsp: [response()] });
  expect(verdict).toMatchObject({ status: 'valid', code: 'OK', validUntil: hours(1).toISOString() });
  expect(verdict.revocation).toMatchObject([
    {
      cert: verdict.path[0],
      source: 'ocsp',
      state: 'good',
      thisUpdate: hours(-1).toISOString(),
      nextUpdate: hours(1).toISOString(),
      number: null,
    },
    { cert: verdict.path[1], source: 'store', state: 'good' },
  ]);
});

test('a whole path is cleared by responses, one for each certificate', () => {
  const upper = respond([single({ nextUpdate: hours(0.5) }, intermediate, root)], {}, root);
  const verdict = judge({ ocsp: [upper, response()], profile: { rules: new Set() } });
  expect(verdict).toMatchObject({ code: 'OK', validUntil: hours(0.5).toISOString() });
  expect(verdict.revocation.map(({ source }) => source)).toEqual(['ocsp', 'ocsp']);
});

test('a revoked response revokes in every mode but off, with its date and reason', () => {
  for (const mode of ['hard', 'grace', 'soft'] as const) {
    const verdict = judge({ ocsp: [response(revoked)], mode });
    expect(verdict).toMatchObject({ status: 'invalid', code: 'REVOKED' });
    expect(verdict.revocation[0]).toMatchObject({
      source: 'ocsp',
      state: 'revoked',
      reason: 'keyCompromise',
      date: hours(-2).toISOString(),
    });
  }
  expect(codeOf({ ocsp: [response(revoked)], mode: 'off' })).toBe('OK');
});

test('a revocation stands whether a CRL or a response knows of it, and whatever the other says', () => {
  const listing = crl(intermediate, { revoked: [{ serial: leaf.serial }] });
  expect(codeOf({ ocsp: [response()], stored: [listing] })).toBe('REVOKED');
  expect(codeOf({ ocsp: [response(revoked)], stored: [crl(intermediate)] })).toBe('REVOKED');
  const old = crl(intermediate, {
    revoked: [{ serial: leaf.serial }],
    thisUpdate: hours(-30),
    nextUpdate: hours(-20),
  });
  expect(codeOf({ ocsp: [response()], stored: [old] })).toBe('REVOKED');
  const stale = { ...revoked, thisUpdate: hours(-30), nextUpdate: hours(-20) };
  expect(codeOf({ ocsp: [response(), response(stale)] })).toBe('REVOKED');
  expect(codeWith(respond([single(), single({ ...revoked, hash: 'sha256' })]))).toBe('REVOKED');
});

test('a CRL serves where no response does, and a response where no CRL does', () => {
  const stale = response({ nextUpdate: hours(-0.5) });
  const verdict = judge({ ocsp: [stale], stored: [crl(intermediate)] });
  expect(verdict).toMatchObject({ code: 'OK', revocation: [{ source: 'store' }, {}] });
  const old = crl(intermediate, { thisUpdate: hours(-30), nextUpdate: hours(-20) });
  expect(codeOf({ ocsp: [response()], stored: [old] })).toBe('OK');
  expect(codeOf({ ocsp: [response({ status: 'unknown' })], stored: [crl(intermediate)] })).toBe('OK');
});

test.each(['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const)(
  'a CertID by %s finds the certificate, with and without NULL behind the hash',
  (hash) => {
    const oids = { sha1: '1.3.14.3.2.26', sha224: '.4', sha256: '.1', sha384: '.2', sha512: '.3' };
    const oid = hash === 'sha1' ? oids.sha1 : `2.16.840.1.101.3.4.2${oids[hash]}`;
    expect(codeWith(response({ hash }))).toBe('OK');
    expect(codeWith(response({ hash, hashAlgorithm: der.sequence(der.oid(oid)) }))).toBe('OK');
    const other = der.sequence(der.oid(oid), der.integer(1));
    expect(codeWith(response({ hash, hashAlgorithm: other }))).toBe('CRL_NONE');
  },
);

const sister = createLeaf(intermediate);
test.each([
  ['another serial', respond([single({}, sister)])],
  ["another issuer's name", response({ issuerName: der.commonName('Somebody') })],
  ["another issuer's key", response({ issuerSpki: root.key.spki })],
  ['an unknown hash', response({ hashAlgorithm: der.sequence(der.oid('1.2.3')) })],
  [
    'a hash that the digests are not of',
    response({ hashAlgorithm: der.sequence(der.oid('2.16.840.1.101.3.4.2.1')) }),
  ],
])('a response about %s is about another certificate', (_what, bytes) => {
  const verdict = judge({ ocsp: [bytes] });
  expect(verdict.code).toBe('CRL_NONE');
  expect(verdict.message).toContain('no OCSP response of the request is about CN=leaf.example');
});

test('of several responses and parts of one the newest decides', () => {
  const older = { thisUpdate: hours(-2), nextUpdate: hours(0.5) };
  const unknown = { status: 'unknown' } as const;
  expect(codeWith(response({ ...unknown, ...older }), response())).toBe('OK');
  expect(codeWith(response(), response({ ...unknown, ...older }))).toBe('OK');
  expect(codeWith(response(older), response(unknown))).toBe('OCSP_UNKNOWN');
  expect(codeWith(response(), response(unknown))).toBe('OCSP_UNKNOWN');
  expect(codeWith(response(unknown), response())).toBe('OCSP_UNKNOWN');
  expect(codeWith(respond([single(unknown), single()]))).toBe('OCSP_UNKNOWN');
  expect(codeWith(respond([single({ ...unknown, ...older }), single({}, sister), single()]))).toBe('OK');
  const { validUntil } = judge({ ocsp: [response(older), response()] });
  expect(validUntil).toBe(hours(1).toISOString());
});

test('ECDSA with NULL parameters counts but under the strict profiles', () => {
  const algorithm = der.sequence(der.oid(OID.ecdsaWithSha256), der.derNull());
  const ocsp = [response({}, { algorithm })];
  for (const base of ['rfc5280', 'webpki'] as const) expect(codeOf({ ocsp, base })).toBe('OK');
  for (const base of ['rfc5280-strict', 'webpki-strict'] as const) {
    const rules = new Set([...BASE_RULES.rfc5280, 'signature-parameters'] as const);
    expect(BASE_RULES[base].has('signature-parameters')).toBe(true);
    expect(codeOf({ ocsp, profile: { rules } })).toBe('OCSP_UNUSABLE');
  }
});

test('a reason that is not known revokes as unspecified', () => {
  for (const reason of [7, 11, 42, 127, 128, 255]) {
    const verdict = judge({ ocsp: [response({ status: { date: hours(-3), reason } })] });
    expect(verdict).toMatchObject({ code: 'REVOKED', revocation: [{ reason: 'unspecified' }, {}] });
  }
});

test('what a response does not hold back: one that is of no use does not spoil another', () => {
  expect(codeWith(response({}, { breakSignature: true }), response())).toBe('OK');
  expect(codeWith(Buffer.from('30', 'hex'), response())).toBe('OK');
  expect(codeWith(ocspRefusal(3), response())).toBe('OK');
});

test.each([
  ['that is past its time', 'OCSP_STALE', response({ nextUpdate: hours(-0.5) })],
  ['that ends this very instant', 'OCSP_STALE', response({ nextUpdate: hours(0) })],
  ['that does not say until when it serves', 'OCSP_STALE', response({ nextUpdate: null })],
  ['that does not know the certificate', 'OCSP_UNKNOWN', response({ status: 'unknown' })],
  ['of the future', 'OCSP_UNUSABLE', response({ thisUpdate: hours(0.5) })],
  ['signed in the future', 'OCSP_UNUSABLE', response({}, { producedAt: hours(0.5) })],
  [
    'signed a second before the time that it tells of',
    'OCSP_UNUSABLE',
    response({ thisUpdate: hours(-1) }, { producedAt: new Date(hours(-1).getTime() - 1000) }),
  ],
  ['with a wrong signature', 'OCSP_UNUSABLE', response({}, { breakSignature: true })],
  ['that is broken', 'OCSP_UNUSABLE', response().subarray(1)],
  [
    'with a critical extension',
    'OCSP_UNUSABLE',
    response({}, { extensions: [ext.extension('1.2.3', der.derNull(), true)] }),
  ],
  [
    'with a critical extension in its part',
    'OCSP_UNUSABLE',
    response({ extensions: [ext.extension('1.2.3', der.derNull(), true)] }),
  ],
  ['that is but an error', 'CRL_NONE', ocspRefusal(3)],
])('a response %s clears nothing: %s', (_what, code, bytes) => {
  const verdict = judge({ ocsp: [bytes] });
  expect(verdict).toMatchObject({ status: 'indeterminate', code, revocation: [{ state: 'unknown' }, {}] });
  expect(verdict.message).toContain('OCSP');
  expect(verdict.message).toContain('there is no CRL of CN=Test Intermediate');
});

test.each([
  ['a wrong signature', { breakSignature: true }],
  ['a time to come', { producedAt: hours(0.5) }],
  ['a critical extension', { extensions: [ext.extension('1.2.3', der.derNull(), true)] }],
])('nor does a response with %s revoke anything', (_what, options) => {
  expect(codeOf({ ocsp: [response(revoked, options)] })).toBe('OCSP_UNUSABLE');
  expect(codeOf({ ocsp: [response(revoked, options)], stored: [crl(intermediate)] })).toBe('OK');
});

test('five minutes of another clock are tolerated, and harmless extensions', () => {
  const ahead = { thisUpdate: hours(1 / 15) };
  expect(codeWith(response(ahead, { producedAt: hours(1 / 15) }))).toBe('OK');
  const extensions = [ext.extension('1.2.3', der.derNull())];
  expect(codeWith(response({ extensions }, { extensions }))).toBe('OK');
});

test('soft forgives that there is no response or only an old one, not one that is wrong', () => {
  const soft = (bytes: Uint8Array): string => codeOf({ ocsp: [bytes], mode: 'soft' });
  expect(soft(response({ nextUpdate: hours(-0.5) }))).toBe('OK_SOFT');
  expect(soft(respond([single({}, sister)]))).toBe('OK_SOFT');
  expect(soft(ocspRefusal(6))).toBe('OK_SOFT');
  expect(soft(response({}, { breakSignature: true }))).toBe('OCSP_UNUSABLE');
  expect(soft(response().subarray(1))).toBe('OCSP_UNUSABLE');
  expect(soft(response({ status: 'unknown' }))).toBe('OCSP_UNKNOWN');
  expect(soft(response())).toBe('OK');
});

test('a response serves grace for its while', () => {
  const ocsp = [response({ thisUpdate: hours(-9), nextUpdate: hours(-2) })];
  expect(judge({ ocsp, mode: 'grace', crlGrace: 3 * 3_600_000 })).toMatchObject({
    code: 'OK',
    validUntil: hours(1).toISOString(),
  });
  expect(codeOf({ ocsp, mode: 'grace', crlGrace: 3_600_000 })).toBe('OCSP_STALE');
});

test('the profile’s age for CRLs bounds a response too, and lets one without nextUpdate serve', () => {
  const profile = { crlMaxAge: 90 * 60_000 };
  const open = judge({ ocsp: [response({ nextUpdate: null })], profile });
  expect(open).toMatchObject({
    code: 'OK',
    validUntil: hours(0.5).toISOString(),
    revocation: [{ nextUpdate: null }, {}],
  });
  expect(codeOf({ ocsp: [response({ nextUpdate: null, thisUpdate: hours(-2) })], profile })).toBe(
    'OCSP_STALE',
  );
  expect(codeOf({ ocsp: [response({ thisUpdate: hours(-2) })], profile })).toBe('OCSP_STALE');
});

test('at a past instant the response of that time serves, and a later one proves only what was before', () => {
  const at = NOW - 3 * 3_600_000;
  const stored = [crl(root, { thisUpdate: hours(-4) })];
  const codeAt = (bytes: Uint8Array): string => codeOf({ ocsp: [bytes], stored, at });
  const then = { thisUpdate: hours(-4), nextUpdate: hours(-2) };
  expect(codeAt(response(then))).toBe('OK');
  expect(codeAt(response({ ...then, nextUpdate: hours(-3) }))).toBe('REVOCATION_AT_UNKNOWN');
  expect(codeAt(response())).toBe('REVOCATION_AT_UNKNOWN');
  expect(codeAt(response({ status: 'unknown' }))).toBe('REVOCATION_AT_UNKNOWN');
  expect(codeAt(response({ status: { date: hours(-3.5) } }))).toBe('REVOKED');
  expect(codeAt(response({ status: { date: hours(-2) } }))).toBe('REVOCATION_AT_UNKNOWN');
  expect(codeAt(response({ ...then, status: { date: hours(-2) } }))).toBe('REVOKED');
});

test('a short-lived certificate passes without a response, and not with one that revokes it', () => {
  const rules = new Set(['short-lived'] as const);
  const child = createLeaf(intermediate, { notBefore: hours(-24), notAfter: hours(24) });
  const about = (options: Parameters<typeof single>[0]): Buffer => respond([single(options, child)]);
  const code = (bytes: Uint8Array): string => codeOf({ ocsp: [bytes], leaf: child, profile: { rules } });
  expect(code(about({ nextUpdate: hours(-0.5) }))).toBe('OK');
  expect(code(about(revoked))).toBe('REVOKED');
});

test('anchors given in the request change nothing of what a response must be', () => {
  const stranger = respond([single()], { signer: sister }, intermediate);
  expect(codeOf({ ocsp: [stranger], others: [sister] })).toBe('OCSP_UNUSABLE');
});

test('no response that was changed in any byte leaves the certificate good', () => {
  const whole = response();
  expect(codeWith(whole)).toBe('OK');
  const change = fc.record({ at: fc.nat({ max: whole.length - 1 }), flip: fc.integer({ min: 1, max: 255 }) });
  fc.assert(
    fc.property(change, ({ at, flip }) => {
      const changed = Buffer.from(whole);
      changed[at]! ^= flip;
      expect(judge({ ocsp: [changed] }).status).not.toBe('valid');
    }),
    { numRuns: 400 },
  );
  for (let length = 0; length < whole.length; length += 7) {
    expect(judge({ ocsp: [whole.subarray(0, length)] }).status).not.toBe('valid');
  }
});
