import { expect, test } from '@jest/globals';
import { certificateIssuer, distributionPoints, scope } from '../../pki/crl-extensions.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import {
  type CertificateOptions,
  createCertificate,
  createIntermediate,
  createLeaf,
  createRoot,
  type CrlOptions,
  type Issued,
  type Issuer,
} from '../../pki/pki.js';
import { codeOf, crl, hours, intermediate, judge, leaf, root } from '../crl-scene.js';

const DELEGATE = der.commonName('CRL Service');
const serials = (...listed: readonly Issued[]): CrlOptions => ({
  revoked: listed.map(({ serial }) => ({ serial })),
});

/** A certificate that may sign CRLs and nothing else. */
function crlSigner(issuer: Issuer, options: CertificateOptions = {}): Issued {
  return createCertificate({
    issuer,
    subject: intermediate.name,
    extensions: [ext.keyUsage('cRLSign'), ext.authorityKeyIdentifier(issuer.key.spki)],
    ...options,
  });
}

test("another key of the issuer's name may sign CRLs when its own path holds", () => {
  const signer = crlSigner(root);
  expect(codeOf({ stored: [crl(signer)], others: [signer] })).toBe('OK');
  expect(codeOf({ stored: [crl(signer, serials(leaf))], others: [signer] })).toBe('REVOKED');
  expect(codeOf({ stored: [crl(signer)] })).toBe('CRL_ISSUER_UNTRUSTED');
});

test('the signer must stand under the trust anchor of the path, not under any', () => {
  const otherRoot = createRoot({ subject: 'Other Root' });
  const signer = crlSigner(otherRoot);
  const stored = [crl(signer), crl(otherRoot)];
  expect(codeOf({ stored, others: [signer], anchors: [otherRoot] })).toBe('CRL_ISSUER_UNTRUSTED');
  const impostor = createRoot({ subject: intermediate.name });
  expect(codeOf({ stored: [crl(impostor)], others: [impostor] })).toBe('CRL_ISSUER_UNTRUSTED');
  expect(codeOf({ stored: [crl(impostor)], anchors: [impostor] })).toMatch(/^CRL_/);
});

test.each([
  ['its keyUsage lacks cRLSign', 'CRL_KEY_USAGE', { extensions: [ext.keyUsage('keyCertSign')] }],
  ['it is no CA and has no keyUsage', 'CRL_KEY_USAGE', { extensions: [] }],
  ['it has expired', 'CRL_ISSUER_UNTRUSTED', { notAfter: hours(-1) }],
  ['its own signature is wrong', 'CRL_ISSUER_UNTRUSTED', { breakSignature: true }],
  [
    'it has an unknown critical extension',
    'CRL_ISSUER_UNTRUSTED',
    { extensions: [ext.keyUsage('cRLSign'), ext.extension('1.2.3.4', der.derNull(), true)] },
  ],
] satisfies (readonly [string, string, CertificateOptions])[])(
  'a signer does not serve when %s',
  (_why, code, options) => {
    const signer = crlSigner(root, options);
    expect(codeOf({ stored: [crl(signer)], others: [signer] })).toBe(code);
    expect(codeOf({ stored: [crl(signer, serials(leaf))], others: [signer] })).toBe(code);
  },
);

test('of several certificates of the signer one that holds is enough', () => {
  const good = crlSigner(root);
  const expired = crlSigner(root, { key: good.key, notAfter: hours(-1) });
  expect(codeOf({ stored: [crl(good)], others: [expired, good] })).toBe('OK');
});

test('the verdict lasts no longer than the signer', () => {
  const signer = crlSigner(root, { notAfter: hours(0.5) });
  const { validUntil } = judge({ stored: [crl(signer)], others: [signer] });
  expect(validUntil).toBe(hours(0.5).toISOString());
});

test('a revoked signer proves nothing, in no mode', () => {
  const signer = crlSigner(root);
  const listing = crl(root, { thisUpdate: hours(-0.5), ...serials(signer) });
  for (const mode of ['hard', 'grace', 'soft'] as const) {
    expect(codeOf({ stored: [listing, crl(signer)], others: [signer], mode })).toBe('CRL_ISSUER_UNTRUSTED');
  }
  // An older CRL of the issuer's own key still tells.
  const older = crl(intermediate, { thisUpdate: hours(-2), ...serials(leaf) });
  expect(codeOf({ stored: [listing, crl(signer), older], others: [signer] })).toBe('REVOKED');
});

test('a signer of unknown standing proves nothing, save a revocation where the mode forgives', () => {
  const middle = createIntermediate(root, { subject: 'No CRLs of this one' });
  const signer = crlSigner(middle);
  const others = [middle, signer];
  expect(codeOf({ stored: [crl(signer)], others })).toBe('CRL_ISSUER_UNTRUSTED');
  expect(codeOf({ stored: [crl(signer, serials(leaf))], others })).toBe('CRL_ISSUER_UNTRUSTED');
  expect(codeOf({ stored: [crl(signer)], others, mode: 'soft' })).toBe('OK_SOFT');
  expect(codeOf({ stored: [crl(signer, serials(leaf))], others, mode: 'soft' })).toBe('REVOKED');
  expect(codeOf({ stored: [crl(signer), crl(middle)], others })).toBe('OK');
});

test('a signer whose own standing hangs on its own CRL proves nothing', () => {
  const signer = crlSigner(intermediate);
  expect(codeOf({ stored: [crl(signer)], others: [signer] })).toBe('CRL_ISSUER_UNTRUSTED');
  // The key was taken, its certificate revoked: its newer CRL must not hide that.
  const told = crl(intermediate, { thisUpdate: hours(-2), ...serials(signer, leaf) });
  expect(codeOf({ stored: [crl(signer), told], others: [signer] })).toBe('REVOKED');
  const harmless = crl(intermediate, { thisUpdate: hours(-2), ...serials(signer) });
  const { code, revocation } = judge({ stored: [crl(signer), harmless], others: [signer] });
  expect(code).toBe('OK');
  expect(revocation[0]).toMatchObject({ thisUpdate: hours(-2).toISOString() });
});

test('two signers that vouch for each other prove nothing', () => {
  const [a, b] = ['A', 'B'].map((name) => der.commonName(name)) as [der.Der, der.Der];
  const signer = (own: der.Der, other: der.Der): Issued =>
    crlSigner(intermediate, {
      subject: own,
      extensions: [ext.keyUsage('cRLSign'), distributionPoints({ crlIssuer: other })],
    });
  const [first, second] = [signer(a, b), signer(b, a)];
  const anyIssuer = { extensions: [scope({ indirect: true })] };
  const child = createLeaf(intermediate, { extensions: [distributionPoints({ crlIssuer: a })] });
  const stored = [crl(first, anyIssuer), crl(second, anyIssuer)];
  expect(codeOf({ leaf: child, stored, others: [first, second] })).toBe('CRL_ISSUER_UNTRUSTED');
});

const delegated = createLeaf(intermediate, {
  extensions: [distributionPoints({ uri: 'http://crl.example/i.crl', crlIssuer: DELEGATE })],
});
const delegate = crlSigner(root, { subject: DELEGATE });

function indirect(
  options: Parameters<typeof scope>[0],
  listed: readonly Issued[] = [],
  signer = delegate,
): Buffer {
  return crl(signer, {
    extensions: [scope(options)],
    revoked: listed.map(({ serial }) => ({ serial, extensions: [certificateIssuer(intermediate.name)] })),
  });
}

test('an indirect CRL of the issuer that the certificate names tells of it', () => {
  const others = [delegate];
  expect(codeOf({ leaf: delegated, others, stored: [indirect({ indirect: true })] })).toBe('OK');
  expect(codeOf({ leaf: delegated, others, stored: [indirect({ indirect: true }, [delegated])] })).toBe(
    'REVOKED',
  );
  const named = indirect({ indirect: true, uri: 'http://crl.example/i.crl' });
  expect(codeOf({ leaf: delegated, others, stored: [named] })).toBe('OK');
});

test('a CRL of the own issuer revokes a certificate that names others, and does not clear it', () => {
  expect(codeOf({ leaf: delegated, stored: [crl(intermediate)] })).toBe('CRL_SCOPE');
  expect(codeOf({ leaf: delegated, stored: [crl(intermediate, serials(delegated))] })).toBe('REVOKED');
  const shared = createLeaf(intermediate, {
    extensions: [distributionPoints({ crlIssuer: DELEGATE }, { uri: 'http://crl.example/1.crl' })],
  });
  expect(codeOf({ leaf: shared, stored: [crl(intermediate)] })).toBe('OK');
});

test('a CRL of that issuer that is not indirect, or of another point, does not', () => {
  const others = [delegate];
  expect(codeOf({ leaf: delegated, others, stored: [crl(delegate)] })).toBe('CRL_SCOPE');
  expect(codeOf({ leaf: delegated, others, stored: [indirect({ userCerts: true })] })).toBe('CRL_SCOPE');
  const elsewhere = indirect({ indirect: true, uri: 'http://crl.example/other.crl' });
  expect(codeOf({ leaf: delegated, others, stored: [elsewhere] })).toBe('CRL_SCOPE');
});

test('an indirect CRL does not tell of certificates that do not name its issuer', () => {
  expect(codeOf({ others: [delegate], stored: [indirect({ indirect: true })] })).toBe('CRL_NONE');
  expect(codeOf({ others: [delegate], stored: [indirect({ indirect: true }, [leaf])] })).toBe('CRL_NONE');
});

test('a point without a name goes by the names of its CRL issuer', () => {
  const nameless = createLeaf(intermediate, { extensions: [distributionPoints({ crlIssuer: DELEGATE })] });
  const others = [delegate];
  const find = (options: Parameters<typeof scope>[0]): string =>
    codeOf({ leaf: nameless, others, stored: [indirect({ indirect: true, ...options })] });
  expect(find({})).toBe('OK');
  expect(find({ dn: DELEGATE })).toBe('OK');
  expect(find({ dn: der.commonName('Somebody') })).toBe('CRL_SCOPE');
});

test('a signer to whom its own issuer left its revocation may tell of itself', () => {
  const extensions = [ext.keyUsage('cRLSign'), distributionPoints({ crlIssuer: DELEGATE })];
  const own = crlSigner(intermediate, { subject: DELEGATE, extensions });
  const others = [own];
  expect(codeOf({ leaf: delegated, others, stored: [indirect({ indirect: true }, [], own)] })).toBe('OK');
  const bySelf = indirect({ indirect: true }, [own], own);
  expect(codeOf({ leaf: delegated, others, stored: [bySelf] })).toBe('CRL_ISSUER_UNTRUSTED');
  const byIssuer = crl(intermediate, { thisUpdate: hours(-2), ...serials(own, delegated) });
  expect(codeOf({ leaf: delegated, others, stored: [indirect({ indirect: true }, [], own), byIssuer] })).toBe(
    'REVOKED',
  );
});

test("what the issuer's own key lists stands, though a newer CRL of another key of its name does not list it", () => {
  const renewed = createIntermediate(root);
  const newer = crl(renewed, { thisUpdate: hours(-0.5) });
  const others = [renewed];
  expect(codeOf({ stored: [newer], others })).toBe('OK');
  expect(codeOf({ stored: [newer, crl(intermediate)], others })).toBe('OK');
  expect(codeOf({ stored: [newer, crl(intermediate, serials(leaf))], others })).toBe('REVOKED');
  const stale = { thisUpdate: hours(-9), nextUpdate: hours(-8), ...serials(leaf) };
  expect(codeOf({ stored: [newer, crl(intermediate, stale)], others })).toBe('REVOKED');
  const held = { revoked: [{ serial: leaf.serial, extensions: [ext.reasonCode(6)] }] };
  // Only a newer CRL of the same key can lift a hold.
  expect(codeOf({ stored: [newer, crl(intermediate, held)], others })).toBe('REVOKED');
  const lifted = crl(intermediate, { thisUpdate: hours(-0.75) });
  expect(codeOf({ stored: [newer, crl(intermediate, held), lifted], others })).toBe('OK');
  expect(
    codeOf({ stored: [crl(intermediate, { thisUpdate: hours(-0.5), ...held }), crl(renewed)], others }),
  ).toBe('REVOKED');
});

test('so it is where reasons are spread over lists', () => {
  const renewed = createIntermediate(root);
  const some = (reasons: readonly number[], options: CrlOptions = {}): CrlOptions => ({
    ...options,
    extensions: [scope({ reasons })],
  });
  const [few, rest] = [
    [1, 2],
    [3, 4, 5, 6, 7, 8],
  ] as const;
  const others = [renewed];
  const newer = crl(renewed, some(few, { thisUpdate: hours(-0.5) }));
  const own = crl(intermediate, some(rest, { thisUpdate: hours(-0.7) }));
  expect(codeOf({ stored: [newer, own], others })).toBe('OK');
  expect(codeOf({ stored: [newer, own, crl(intermediate, some(few))], others })).toBe('OK');
  expect(codeOf({ stored: [newer, own, crl(intermediate, some(few, serials(leaf)))], others })).toBe(
    'REVOKED',
  );
});
