import { expect, test } from '@jest/globals';
import { BASE_RULES } from '../../../src/verify/profiles.js';
import { parseCrl } from '../../../src/x509/crl.js';
import { OID } from '../../../src/x509/oid.js';
import { scope } from '../../pki/crl-extensions.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import type { CrlOptions } from '../../pki/pki.js';
import { crl, intermediate, judge, leaf } from '../crl-scene.js';

const aki = ext.authorityKeyIdentifier(intermediate.key.spki);
const number = ext.crlNumber(1);
const strict = { rules: BASE_RULES['rfc5280-strict'] };
const criticalNumber = ext.extension(OID.crlNumber, der.integer(1), true);
const userCerts = der.implicit(1, der.raw(0xff));
const laxScope = ext.extension(OID.issuingDistributionPoint, der.sequence(userCerts));
const freshest = der.sequence(
  der.sequence(der.explicit(0, der.explicit(0, ext.generalName.uri('http://crl.example/delta')))),
);

test.each([
  ['with a number and an authorityKeyIdentifier', [aki, number], 'OK'],
  ['with a critical scope besides', [aki, number, scope({ userCerts: true })], 'OK'],
  ['with a freshestCRL besides', [aki, number, ext.extension(OID.freshestCrl, freshest)], 'OK'],
  ['without a number', [aki], 'CRL_MALFORMED'],
  ['without an authorityKeyIdentifier', [number], 'CRL_MALFORMED'],
  ['with a critical number', [aki, criticalNumber], 'CRL_MALFORMED'],
  ['with a scope that is not critical', [aki, number, laxScope], 'CRL_MALFORMED'],
] as const)('a CRL %s: its certificate under the strict profile', (_what, extensions, code) => {
  const stored = [crl(intermediate, { extensions })];
  expect(judge({ stored, profile: strict })).toMatchObject({ code });
  expect(judge({ stored })).toMatchObject({ code: 'OK' });
});

const withNull = der.sequence(der.oid(OID.ecdsaWithSha256), der.derNull());
const ecdsaNull = { innerAlgorithm: withNull, outerAlgorithm: withNull };

test.each([
  ['with NULL parameters of ECDSA', ecdsaNull],
  ['with an empty list of revocations', { hasEmptyList: true }],
] satisfies (readonly [string, CrlOptions])[])(
  'a CRL %s serves but under the strict profiles',
  (_what, options) => {
    const stored = [crl(intermediate, { ...options, extensions: [aki, number] })];
    for (const base of ['rfc5280', 'webpki'] as const)
      expect(judge({ stored, profile: { rules: BASE_RULES[base] } }).code).toBe('OK');
    for (const base of ['rfc5280-strict', 'webpki-strict'] as const) {
      const { code, message } = judge({ stored, profile: { rules: BASE_RULES[base] } });
      expect(code).toBe('CRL_MALFORMED');
      expect(message).toMatch(/\(rule (?:signature-parameters|crl-form)\)/);
    }
  },
);

test('the two AlgorithmIdentifiers of a CRL are the same, NULL or not', () => {
  for (const options of [{ innerAlgorithm: withNull }, { outerAlgorithm: withNull }]) {
    const mismatch = expect.objectContaining({ code: 'ALGORITHM_MISMATCH' });
    expect(() => parseCrl(crl(intermediate, options))).toThrow(mismatch);
  }
});

test('what such a CRL lists is revoked all the same', () => {
  const revoked = [{ serial: leaf.serial }];
  for (const options of [{ extensions: [] }, ecdsaNull]) {
    const stored = [crl(intermediate, { ...options, revoked })];
    expect(judge({ stored, profile: strict }).code).toBe('REVOKED');
  }
});
