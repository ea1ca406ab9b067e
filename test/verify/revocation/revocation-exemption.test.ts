import { expect, test } from '@jest/globals';
import { BASE_RULES, type Rule } from '../../../src/verify/profiles.js';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { type CertificateOptions, createCertificate, createLeaf, type Issued } from '../../pki/pki.js';
import { codeOf, crl, hours, intermediate, judge, root } from '../crl-scene.js';

const noRevAvail = ext.extension(OID.noRevAvail, der.derNull());
const noCheck = ext.extension(OID.ocspNoCheck, der.derNull());
const make = (options: CertificateOptions): Issued => createLeaf(intermediate, options);
/** The leaf's code under one rule alone; its CRL lists it, or there is none. */
const codeUnder = (rule: Rule, leaf: Issued, isListed = false): string => {
  const listing = crl(intermediate, { revoked: [{ serial: leaf.serial }] });
  return codeOf({ leaf, stored: isListed ? [listing] : [], profile: { rules: new Set([rule]) } });
};

test('noRevAvail spares the CRL, not the revocation', () => {
  const leaf = make({ extensions: [noRevAvail] });
  expect(codeUnder('no-rev-avail', leaf)).toBe('OK');
  expect(codeUnder('no-rev-avail', leaf, true)).toBe('REVOKED');
  expect(codeUnder('short-lived', leaf)).toBe('CRL_NONE');
  expect(codeOf({ leaf, stored: [], profile: { rules: BASE_RULES.rfc5280 } })).toBe('OK');
});

test.each([
  ['is a CA', ext.basicConstraints()],
  ['points to CRLs', ext.crlDistributionPoints('http://crl.example/1.crl')],
  [
    'points to an OCSP responder',
    ext.extension(
      OID.authorityInfoAccess,
      der.sequence(der.sequence(der.oid(OID.ocsp), ext.generalName.uri('http://ocsp.example/'))),
    ),
  ],
])('noRevAvail in a certificate that %s makes it invalid', (what, other) => {
  const leaf = make({ extensions: [noRevAvail, other] });
  const { code, message } = judge({ leaf, stored: [crl(intermediate)] });
  expect(code).toBe('PROFILE_RULE');
  expect(message).toContain(what);
});

test('id-pkix-ocsp-nocheck exempts an OCSP responder from revocation checks, and no other certificate', () => {
  const responder = (purpose: string): Issued =>
    createCertificate({
      issuer: intermediate,
      extensions: [ext.keyUsage('digitalSignature'), ext.extendedKeyUsage(purpose), noCheck],
    });
  expect(codeUnder('ocsp-nocheck', responder(OID.ocspSigning))).toBe('OK');
  expect(codeUnder('ocsp-nocheck', responder(OID.ocspSigning), true)).toBe('REVOKED');
  expect(codeUnder('ocsp-nocheck', responder(OID.serverAuth))).toBe('CRL_NONE');
  expect(codeUnder('no-rev-avail', responder(OID.ocspSigning))).toBe('CRL_NONE');
});

test('a leaf of seven days, the last second included, is short-lived', () => {
  const DAY = 24;
  const living = (days: number, seconds: number): Issued => {
    const notBefore = hours(-DAY);
    return make({
      notBefore,
      notAfter: new Date(notBefore.getTime() + days * DAY * 3_600_000 + seconds * 1000),
    });
  };
  expect(codeUnder('short-lived', living(7, -1))).toBe('OK');
  expect(codeUnder('short-lived', living(7, -1), true)).toBe('REVOKED');
  expect(codeUnder('short-lived', living(7, 0))).toBe('CRL_NONE');
  expect(codeUnder('no-rev-avail', living(7, -1))).toBe('CRL_NONE');
});

test('before March 2026 a short life was ten days, before March 2024 there was none', () => {
  const living = (from: string, to: string): string => {
    const at = Date.parse(from) + 3_600_000;
    const leaf = make({ notBefore: new Date(from), notAfter: new Date(to) });
    const then = { thisUpdate: new Date(from), nextUpdate: new Date(to) };
    const profile = { rules: new Set<Rule>(['short-lived']) };
    return codeOf({ leaf, stored: [crl(root, then)], at, profile });
  };
  expect(living('2026-03-14T00:00:00Z', '2026-03-23T23:59:59Z')).toBe('OK');
  expect(living('2026-03-15T00:00:00Z', '2026-03-24T23:59:59Z')).toBe('CRL_NONE');
  expect(living('2024-03-14T00:00:00Z', '2024-03-15T00:00:00Z')).toBe('CRL_NONE');
});
