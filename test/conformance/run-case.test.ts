import { expect, test } from '@jest/globals';
import { runCase } from '../../conformance/run-case.js';
import { profileOf } from '../../conformance/profile-of.js';
import type { Case, ExpectedRevocation } from '../../conformance/suite.js';
import { ocspResponse, singleResponse } from '../pki/ocsp.js';
import { createCrl, createLeaf, type Issued } from '../pki/pki.js';
import { createChain } from '../verify/scene.js';

const { root, intermediate, leaf } = createChain();
const base64 = (bytes: Buffer): string => bytes.toString('base64');
const crl = (issuer: Issued, ...revoked: readonly Issued[]): string =>
  base64(createCrl(issuer, { revoked: revoked.map(({ serial }) => ({ serial })) }).der);
const plain: Case = {
  id: 'plain',
  time: null,
  trustAnchors: [base64(root.der)],
  intermediates: [base64(intermediate.der)],
  leaf: base64(leaf.der),
  crls: [],
  expected: 'valid',
  params: {},
};
const passes = (changes: Partial<Case>, suite = 'made-up'): boolean =>
  runCase(suite, { ...plain, ...changes }).passed;

test('each word for the revocation of a whole path is met by its own outcomes', () => {
  const outcomes = {
    good: [crl(root), crl(intermediate)],
    revoked: [crl(root), crl(intermediate, leaf)],
    unknown: [crl(root)],
  };
  const met = (expectedRevocation: ExpectedRevocation): string[] =>
    Object.entries(outcomes)
      .filter(([, crls]) => passes({ crls, params: { checkRevocation: 'all', expectedRevocation } }))
      .map(([outcome]) => outcome);
  expect(met('good')).toEqual(['good']);
  expect(met('revoked')).toEqual(['revoked']);
  expect(met('unknown')).toEqual(['unknown']);
  expect(met('not good')).toEqual(['revoked', 'unknown']);
  expect(met('good-or-revoked')).toEqual(['good', 'revoked']);
});

test('OCSP responses are evidence beside the CRLs', () => {
  const ocsp = [base64(ocspResponse(intermediate, [singleResponse(leaf, intermediate)]).der)];
  const params = { checkRevocation: 'all' } as const;
  expect(passes({ crls: [crl(root)], ocsp, params })).toBe(true);
  expect(passes({ crls: [crl(root)], params })).toBe(false);
});

test('a case chooses its profile, further rules and the mode', () => {
  const params = { checkRevocation: 'all', mode: 'soft' } as const;
  expect(passes({ params })).toBe(true);
  expect(passes({ params: { ...params, mode: 'hard' } })).toBe(false);
  const odd = { leaf: base64(createLeaf(intermediate, { subject: 'not its host name' }).der) };
  expect(passes({ ...odd, params: { rules: ['no-sha1'] } })).toBe(true);
  expect(passes({ ...odd, params: { rules: ['no-sha1', 'common-name'] } })).toBe(false);
  expect(passes({ ...odd, params: { profile: 'webpki-strict' } })).toBe(false);
  expect(profileOf('made-up', { ...plain, params: { rules: ['no-sha1', 'rsa-2048'] } })).toBe(
    'rfc5280, `no-sha1` and `rsa-2048`',
  );
});

test('the suites of other libraries are judged by the rules that those libraries have', () => {
  const rules = '`anchor-as-certificate` and `eku-nesting`';
  expect(profileOf('mbedtls-verify', plain)).toBe(`rfc5280, ${rules}`);
  const withPin = '`anchor-as-certificate`, `eku-nesting` and `trust.leaf`';
  expect(profileOf('boringssl-x509', plain)).toBe(`rfc5280, ${withPin}`);
  expect(profileOf('boringssl-chains', plain)).toBe('rfc5280 and `eku-nesting`');
  expect(profileOf('peer-names', plain)).toBe('webpki');
  expect(profileOf('revocation-made', plain)).toBe('rfc5280');
});

test('a refused request counts as invalid, and as nothing else', () => {
  const noHost: Partial<Case> = { params: { peerName: { kind: 'dns', value: 'no host name' } } };
  expect(runCase('made-up', { ...plain, ...noHost })).toMatchObject({ passed: false, got: 'refused' });
  expect(passes({ ...noHost, expected: 'invalid' })).toBe(true);
  expect(passes({ leaf: base64(Buffer.from('no certificate')), expected: 'invalid' })).toBe(true);
});

test('a CRL can be parsed alone, every entry of it', () => {
  const params = { parseOnly: 'crl' } as const;
  const listing = createCrl(root, {
    revoked: [{ serial: 5 }, { serial: 6, extensions: [Buffer.from('3000', 'hex')] }],
  });
  expect(passes({ leaf: '', crls: [crl(root, leaf)], params })).toBe(true);
  expect(passes({ leaf: '', crls: [base64(listing.der)], params, expected: 'invalid' })).toBe(true);
  expect(passes({ leaf: '', crls: [base64(leaf.der)], params, expected: 'invalid' })).toBe(true);
  expect(profileOf('made-up', { ...plain, params })).toBe('the parser');
});
