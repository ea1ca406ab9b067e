import { expect, test } from '@jest/globals';
import { BASE_RULES } from '../../src/verify/profiles.js';
import { OID } from '../../src/x509/oid.js';
import { scope } from '../pki/crl-extensions.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { crl, intermediate, judge, leaf } from './crl-scene.js';

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

test('what such a CRL lists is revoked all the same', () => {
  const stored = [crl(intermediate, { extensions: [], revoked: [{ serial: leaf.serial }] })];
  expect(judge({ stored, profile: strict }).code).toBe('REVOKED');
});
