import { expect, test } from '@jest/globals';
import {
  type CertificatePointOptions,
  certificateIssuer,
  distributionPoints,
  scope,
} from '../../pki/crl-extensions.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { createLeaf, type Issued } from '../../pki/pki.js';
import { codeOf, crl, hours, intermediate, judge, leaf } from '../crl-scene.js';

const URI = 'http://crl.example/1.crl';
const OTHER_URI = 'http://crl.example/2.crl';
/** The intermediate's name with `CN=CRL 1` after it. */
const relativeToIntermediate = der.name(['2.5.4.3', 'Test Intermediate'], ['2.5.4.3', 'CRL 1']);

const withPoints = (...points: readonly CertificatePointOptions[]): Issued =>
  createLeaf(intermediate, { extensions: [distributionPoints(...points)] });
const scoped = (options: Parameters<typeof scope>[0], revoked: readonly Issued[] = []): Buffer =>
  crl(intermediate, {
    extensions: [ext.crlNumber(1), scope(options)],
    revoked: revoked.map(({ serial }) => ({ serial })),
  });

test('a CRL for user certificates does not speak of CAs, nor one for CAs of users, nor one for attributes of either', () => {
  expect(codeOf({ stored: [scoped({ userCerts: true })] })).toBe('OK');
  expect(codeOf({ stored: [scoped({ caCerts: true })] })).toBe('CRL_SCOPE');
  expect(codeOf({ stored: [scoped({ attributeCerts: true })] })).toBe('CRL_SCOPE');
  const authority = createLeaf(intermediate, { extensions: [ext.basicConstraints()] });
  expect(codeOf({ leaf: authority, stored: [scoped({ caCerts: true })] })).toBe('OK');
  expect(codeOf({ leaf: authority, stored: [scoped({ userCerts: true })] })).toBe('CRL_SCOPE');
});

test('a CRL out of scope revokes nothing and hides no other', () => {
  const newer = crl(intermediate, {
    thisUpdate: hours(-0.5),
    extensions: [scope({ caCerts: true })],
    revoked: [{ serial: leaf.serial }],
  });
  expect(codeOf({ stored: [newer, crl(intermediate)] })).toBe('OK');
});

test('one name in common makes a distribution point, by URI, by directory name or relative to the issuer', () => {
  const uri = withPoints({ uri: OTHER_URI }, { uri: URI });
  const relative = withPoints({ relative: 'CRL 1' });
  const full = withPoints({ dn: relativeToIntermediate });
  expect(codeOf({ leaf: uri, stored: [scoped({ uri: URI })] })).toBe('OK');
  expect(codeOf({ leaf: uri, stored: [scoped({ uri: URI }, [uri])] })).toBe('REVOKED');
  expect(codeOf({ leaf: relative, stored: [scoped({ relative: 'CRL 1' })] })).toBe('OK');
  expect(codeOf({ leaf: relative, stored: [scoped({ relative: 'CRL 1' }, [relative])] })).toBe('REVOKED');
  expect(codeOf({ leaf: relative, stored: [scoped({ relative: 'CRL 2' })] })).toBe('CRL_SCOPE');
  expect(codeOf({ leaf: full, stored: [scoped({ relative: 'CRL 1' })] })).toBe('OK');
  expect(codeOf({ leaf: relative, stored: [scoped({ dn: relativeToIntermediate })] })).toBe('OK');
});

test('scheme and host of a URI are compared without case, its path with it', () => {
  const named = withPoints({ uri: URI });
  expect(codeOf({ leaf: named, stored: [scoped({ uri: 'HTTP://CRL.example/1.crl' })] })).toBe('OK');
  expect(codeOf({ leaf: named, stored: [scoped({ uri: 'http://crl.example/1.CRL' })] })).toBe('CRL_SCOPE');
});

test("a CRL under the certificate issuer's own name needs no distribution point in the certificate", () => {
  expect(codeOf({ stored: [scoped({ dn: intermediate.name })] })).toBe('OK');
  expect(codeOf({ leaf: withPoints({ uri: URI }), stored: [scoped({ dn: intermediate.name })] })).toBe('OK');
  expect(codeOf({ stored: [scoped({ uri: URI })] })).toBe('CRL_SCOPE');
});

test('a distribution point of another CRL issuer makes no CRL of the own issuer fit', () => {
  const delegated = withPoints({ uri: URI, crlIssuer: der.commonName('Somebody') });
  expect(codeOf({ leaf: delegated, stored: [scoped({ uri: URI })] })).toBe('CRL_SCOPE');
  expect(codeOf({ leaf: delegated, stored: [scoped({ uri: URI, indirect: true })] })).toBe('CRL_SCOPE');
});

const SOME = [1, 2];
const OTHERS = [3, 4, 5, 6, 7, 8];

test('CRLs for some reasons are good only together, for all of them', () => {
  const [some, others] = [scoped({ reasons: SOME }), scoped({ reasons: OTHERS })];
  expect(codeOf({ stored: [some] })).toBe('CRL_REASONS_INCOMPLETE');
  expect(codeOf({ stored: [some, some] })).toBe('CRL_REASONS_INCOMPLETE');
  expect(codeOf({ stored: [some, scoped({ reasons: OTHERS.slice(1) })] })).toBe('CRL_REASONS_INCOMPLETE');
  expect(codeOf({ stored: [some], mode: 'soft' })).toBe('CRL_REASONS_INCOMPLETE');
  expect(codeOf({ stored: [some, others] })).toBe('OK');
  expect(codeOf({ stored: [scoped({ reasons: SOME }, [leaf]), others] })).toBe('REVOKED');
  expect(codeOf({ stored: [some, scoped({ reasons: OTHERS }, [leaf])] })).toBe('REVOKED');
});

test('together they last until the first of them is due', () => {
  const soon = crl(intermediate, { nextUpdate: hours(0.25), extensions: [scope({ reasons: SOME })] });
  const { validUntil } = judge({ stored: [soon, scoped({ reasons: OTHERS })] });
  expect(validUntil).toBe(hours(0.25).toISOString());
});

test('a stale CRL for some reasons covers none', () => {
  const stale = crl(intermediate, { nextUpdate: hours(-0.5), extensions: [scope({ reasons: OTHERS })] });
  expect(codeOf({ stored: [scoped({ reasons: SOME }), stale] })).toBe('CRL_REASONS_INCOMPLETE');
});

test('a newer CRL for some reasons does not hide an older one for all', () => {
  const newer = crl(intermediate, { thisUpdate: hours(-0.5), extensions: [scope({ reasons: SOME })] });
  expect(codeOf({ stored: [newer, crl(intermediate)] })).toBe('OK');
  expect(codeOf({ stored: [newer, crl(intermediate, { revoked: [{ serial: leaf.serial }] })] })).toBe(
    'REVOKED',
  );
});

test('the reasons of a distribution point bound what its CRL covers', () => {
  const split = withPoints({ uri: URI, reasons: SOME }, { uri: OTHER_URI, reasons: OTHERS });
  const [first, second] = [scoped({ uri: URI }), scoped({ uri: OTHER_URI })];
  expect(codeOf({ leaf: split, stored: [first] })).toBe('CRL_REASONS_INCOMPLETE');
  expect(codeOf({ leaf: split, stored: [first, second] })).toBe('OK');
  // The point is for SOME, the CRL for OTHERS: nothing is left.
  expect(codeOf({ leaf: split, stored: [scoped({ uri: URI, reasons: OTHERS })] })).toBe('CRL_SCOPE');
  const whole = withPoints({ uri: URI, reasons: [0, ...SOME, ...OTHERS] });
  expect(codeOf({ leaf: whole, stored: [first] })).toBe('OK');
});

test('a CRL that names issuers of certificates without calling itself indirect proves nothing', () => {
  const extensions = [certificateIssuer(der.commonName('Somebody'))];
  const stray = (serial: Issued['serial'] | number): Buffer =>
    crl(intermediate, { revoked: [{ serial, extensions }] });
  expect(codeOf({ stored: [stray(99)] })).toBe('CRL_MALFORMED');
  expect(codeOf({ stored: [stray(leaf.serial)] })).toBe('CRL_MALFORMED');
});

test('in an indirect CRL an entry is of the issuer named last before it', () => {
  const listing = (...entries: readonly (readonly [Issued['serial'] | number, der.Der?])[]): Buffer =>
    crl(intermediate, {
      extensions: [scope({ indirect: true })],
      revoked: entries.map(([serial, issuer]) => ({
        serial,
        extensions: issuer === undefined ? [] : [certificateIssuer(issuer)],
      })),
    });
  const other = der.commonName('Somebody');
  expect(codeOf({ stored: [listing([leaf.serial])] })).toBe('REVOKED');
  expect(codeOf({ stored: [listing([leaf.serial, other])] })).toBe('OK');
  expect(codeOf({ stored: [listing([7, other], [leaf.serial])] })).toBe('OK');
  expect(codeOf({ stored: [listing([7, other], [leaf.serial, intermediate.name])] })).toBe('REVOKED');
  expect(codeOf({ stored: [listing([7, other], [8, intermediate.name], [leaf.serial])] })).toBe('REVOKED');
});
