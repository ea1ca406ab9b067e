import { expect, test } from '@jest/globals';
import { IssuerWants, type IssuerWantsOptions } from '../../src/verify/missing-issuers.js';
import { verify } from '../../src/verify/verify.js';
import type { VerifyRequest } from '../../src/wire/request.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import { authorityInfoAccess, extension } from '../pki/extensions.js';
import { createIntermediate, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { environmentOf, HOUR, NOW } from './scene.js';

const CA_URL = 'http://ca.example/ca.cer';
const root = createRoot();
const intermediate = createIntermediate(root);
const leaf = createLeaf(intermediate, { extensions: [authorityInfoAccess(CA_URL)] });

function ask(
  certificates: readonly Issued[],
  request: Partial<VerifyRequest> = {},
  options: Partial<IssuerWantsOptions> = {},
) {
  const issuers = new IssuerWants({ maxUrls: 8, asked: new Set(), failures: [], ...options });
  const whole = { certificates: certificates.map((each) => each.der), crls: [], ...request };
  const verdict = verify(whole, environmentOf({ anchors: [root] }), undefined, undefined, issuers);
  return { verdict, wanted: issuers.list() };
}

test('the issuer of a leaf without one is wanted, and nothing once it is there', () => {
  expect(ask([leaf])).toMatchObject({ verdict: { code: 'NO_PATH' }, wanted: [[CA_URL]] });
  expect(ask([leaf, intermediate])).toMatchObject({ verdict: { code: 'OK' }, wanted: [] });
});

test('it is the last certificate of the chain whose issuer is wanted', () => {
  const upper = createIntermediate(root, { subject: 'Upper' });
  const lower = createIntermediate(upper, { extensions: [authorityInfoAccess('http://ca.example/upper')] });
  const end = createLeaf(lower, { extensions: [authorityInfoAccess(CA_URL)] });
  expect(ask([end, lower]).wanted).toEqual([['http://ca.example/upper']]);
});

test('one of that name with another key is not the issuer', () => {
  const namesake = createIntermediate(root);
  expect(ask([leaf, namesake]).wanted).toEqual([[CA_URL]]);
});

test('a path that reaches an anchor settles it, though it fails', () => {
  const expired = createLeaf(intermediate, { notAfter: new Date(NOW - HOUR) });
  const stray = createIntermediate(createRoot({ subject: 'Another Root' }), {
    extensions: [authorityInfoAccess('http://ca.example/another')],
  });
  expect(ask([expired, intermediate, stray])).toMatchObject({ verdict: { code: 'EXPIRED' }, wanted: [] });
});

test.each<[string, Partial<VerifyRequest>]>([
  ['anchors of its own', { anchors: [createRoot({ subject: 'Own' }).der] }],
  ['a past instant', { at: NOW - HOUR }],
])('nothing is wanted by a request with %s', (_, request) => {
  expect(ask([leaf], request)).toMatchObject({ verdict: { code: 'NO_PATH' }, wanted: [] });
});

test('what was asked before is not asked again, and the verdict says what came of it', () => {
  const failures = [`${CA_URL}: why`];
  const { verdict, wanted } = ask([leaf], {}, { asked: new Set([CA_URL]), failures });
  expect(wanted).toEqual([]);
  expect(verdict.message).toMatch(/; an issuer could not be fetched: http:\/\/ca\.example\/ca\.cer: why$/);
});

test('other schemes, other methods and broken extensions name no place, and only so many places count', () => {
  const of = (...extensions: readonly der.Der[]) => ask([createLeaf(intermediate, { extensions })]).wanted;
  expect(of(authorityInfoAccess('ldap://ca.example/', 'file:///etc/passwd'))).toEqual([]);
  expect(of(extension(OID.authorityInfoAccess, der.sequence()))).toEqual([]);
  const many = Array.from({ length: 20 }, (_, n) => `http://ca.example/${n}`);
  expect(of(authorityInfoAccess(...many))).toEqual([many.slice(0, 4)]);
  const end = createLeaf(intermediate, { extensions: [authorityInfoAccess(...many)] });
  expect(ask([end], {}, { maxUrls: 2 }).wanted).toEqual([many.slice(0, 2)]);
  expect(ask([end], {}, { maxUrls: 0 }).wanted).toEqual([]);
});
