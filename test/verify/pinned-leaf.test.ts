import { expect, test } from '@jest/globals';
import type { BaseProfile } from '../../src/config/config.js';
import { AttemptTree } from '../../src/cli/verify/attempt-tree.js';
import { verify } from '../../src/verify/verify.js';
import type { VerifyRequest } from '../../src/wire/request.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import { ocspResponse, singleResponse } from '../pki/ocsp.js';
import { type CertificateOptions, createCertificate, createCrl, createIntermediate } from '../pki/pki.js';
import { createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { ask, environmentOf } from './scene.js';

const now = Date.now();
const key = newKey('p-256');
const names = ext.subjectAltName(ext.generalName.dns('peer.example'));

/** A self-signed peer, as a device makes it for itself. */
function peerOf({ extensions = [names], ...options }: CertificateOptions = {}): Issued {
  return createCertificate({ subject: 'peer', key, extensions, ...options });
}

const peer = peerOf();
const root = createRoot();
const issued = createLeaf(root, { dns: ['peer.example'] });

/** Judges a certificate that is an anchor, in mode `hard` unless the request says otherwise. */
function judge(
  certificate: Issued,
  request: Partial<VerifyRequest> = {},
  { base = 'rfc5280', others = [] }: { base?: BaseProfile; others?: readonly Issued[] } = {},
) {
  const profile = { trustLeaf: true, revocation: 'hard' } as const;
  return ask({ base, now, anchors: [certificate, ...others], profile }, [certificate], request);
}

test('without the option an anchor is no leaf, and the message says which option there is', () => {
  const verdict = ask({ now, anchors: [peer] }, [peer]);
  expect(verdict).toMatchObject({ code: 'LEAF_IS_ANCHOR', subject: 'CN=peer' });
  expect(verdict.message).toMatch(/set trust\.leaf: true in the profile$/);
});

test.each<[string, Issued]>([
  ['a self-signed peer', peer],
  ['one that a CA issued', issued],
  ['one whose own signature is wrong, for nobody asks it', peerOf({ breakSignature: true })],
  ['one of version 1', peerOf({ version: 1, extensions: [] })],
])('%s is valid with it', (_what, certificate) => {
  const { code, message, path, revocation, validUntil } = judge(certificate);
  expect([code, path.length, revocation]).toEqual(['OK', 1, []]);
  expect(message).toMatch(/^trusted as an anchor itself \(trust\.leaf\): CN=peer/);
  expect(validUntil).toBe('2049-12-31T00:00:00.000Z');
});

test('a root is valid with it too, and called a CA', () => {
  expect(judge(root)).toMatchObject({
    code: 'OK',
    message: 'the judged certificate is a CA: trusted as an anchor itself (trust.leaf): CN=Test Root',
  });
});

test('an anchor of the request is one as well', () => {
  const scene = { now, anchors: [], profile: { trustLeaf: true } };
  expect(ask(scene, [peer], { anchors: [peer.der] }).code).toBe('OK');
  expect(ask({ ...scene, profile: {} }, [peer], { anchors: [peer.der] }).code).toBe('LEAF_IS_ANCHOR');
});

test.each<[string, Issued]>([
  ['another certificate of the same name and key', peerOf({ serial: 7 })],
  ['another key under the same name', peerOf({ key: 'p-256' })],
])('%s is not the one that is pinned', (_what, other) => {
  const profile = { trustLeaf: true };
  expect(ask({ now, anchors: [peer], profile }, [other]).message).not.toMatch(/trust\.leaf/);
  expect(ask({ now, anchors: [peer], profile }, [peerOf({ subject: 'x', key: 'p-256' })]).status).toBe(
    'invalid',
  );
});

const day = (offset: number): Date => new Date(now + offset * 86_400_000);
const ed25519 = newKey('ed25519');
/** The signature is another key's, which nobody asks of an anchor. */
const rsaKey = (bits: bigint, exponent: number) => ({
  ...key,
  spki: der.sequence(
    der.sequence(der.oid('1.2.840.113549.1.1.1'), der.derNull()),
    der.bitString(der.sequence(der.integer(2n ** (bits - 1n) + 1n), der.integer(exponent))),
  ),
});
const policies = (oid: string): der.Der =>
  ext.extension('2.5.29.32', der.sequence(der.sequence(der.oid(oid))));

test.each<[string, string, Issued, Partial<VerifyRequest>?, BaseProfile?]>([
  ['that has expired', 'EXPIRED', peerOf({ notAfter: day(-1) })],
  ['that is yet to come', 'NOT_YET_VALID', peerOf({ notBefore: day(1) })],
  ['at a past instant before it', 'NOT_YET_VALID', peer, { at: Date.parse('2019-01-01') }],
  ['for another name', 'PEER_NAME', peer, { hosts: ['other.example'] }],
  ['for another purpose', 'PURPOSE', issued, { purpose: 'clientAuth' }],
  [
    'without the purpose, where the profile wants it',
    'PURPOSE',
    peer,
    { purpose: 'serverAuth' },
    'webpki-strict',
  ],
  [
    'with a critical extension that is not known',
    'CRITICAL_EXTENSION',
    peerOf({ extensions: [ext.extension('1.2.3', der.derNull(), true)] }),
  ],
  [
    'with an extension that is broken',
    'MALFORMED',
    peerOf({ extensions: [ext.extension('2.5.29.15', der.derNull())] }),
  ],
  ['with a key that cannot be used', 'BAD_KEY', peerOf({ key: rsaKey(2048n, 1) })],
  [
    'with a weak key, where the profile forbids it',
    'WEAK_KEY',
    peerOf({ key: rsaKey(1024n, 65_537) }),
    {},
    'webpki',
  ],
  ['that breaks a rule of the profile', 'PROFILE_RULE', peerOf({ serial: 0 }), {}, 'rfc5280-strict'],
  ['that states no policy, where one is asked for', 'NO_VALID_POLICY', peer, { policy: { explicit: true } }],
  [
    'that states another policy than is asked for',
    'NO_VALID_POLICY',
    peerOf({ extensions: [policies('1.2.3')] }),
    { policy: { explicit: true, initial: ['1.2.4'] } },
  ],
])('a pinned certificate %s is %s', (_what, code, certificate, request = {}, base = 'rfc5280') => {
  expect(judge(certificate, request, { base }).code).toBe(code);
});

test('the nearest neighbours of these are valid', () => {
  expect(judge(peer, { hosts: ['peer.example'], purpose: 'serverAuth' })).toMatchObject({
    code: 'OK',
    message: 'trusted as an anchor itself (trust.leaf) for host peer.example: CN=peer',
  });
  expect(judge(issued, { purpose: 'serverAuth' }).code).toBe('OK');
  expect(judge(peerOf({ key: ed25519 })).code).toBe('OK');
  expect(judge(peer, {}, { base: 'webpki' }).code).toBe('OK');
  const stated = peerOf({ extensions: [policies('1.2.3')] });
  const policy = { explicit: true, initial: ['1.2.3'] };
  expect(judge(stated, { policy })).toMatchObject({ code: 'OK', policies: ['1.2.3'] });
});

test.each(['hard', 'grace', 'soft'] as const)(
  'in mode %s a revocation by its own key stands',
  (revocation) => {
    const crl = createCrl(root, { revoked: [{ serial: root.serial }] }).der;
    expect(judge(root, { crls: [crl], revocation })).toMatchObject({
      code: 'REVOKED',
      path: [expect.any(String)],
    });
    const status = { date: new Date('2026-01-01') };
    const ocsp = [ocspResponse(root, [singleResponse(root, root, { status })]).der];
    expect(judge(root, { ocsp, revocation }).code).toBe('REVOKED');
  },
);

test('a CRL of its own that does not list it is evidence, and a broken one is none', () => {
  const clean = judge(root, { crls: [createCrl(root).der] });
  expect(clean).toMatchObject({ code: 'OK', revocation: [{ state: 'good', source: 'request' }] });
  expect(Date.parse(clean.validUntil ?? '')).toBeLessThan(day(8).getTime());
  const broken = createCrl(root, { revoked: [{ serial: root.serial }], breakSignature: true }).der;
  expect(judge(root, { crls: [broken] })).toMatchObject({ code: 'OK', revocation: [] });
});

test('where it stands under another anchor as well, that path decides once it holds', () => {
  const crl = (...serials: Uint8Array[]): Buffer =>
    createCrl(root, { revoked: serials.map((serial) => ({ serial })) }).der;
  const both = { others: [root] };
  expect(judge(issued, { crls: [crl()] }, both)).toMatchObject({ code: 'OK', path: { length: 2 } });
  expect(judge(issued, { crls: [crl(issued.serial)] }, both).code).toBe('REVOKED');
  expect(judge(issued, {}, both).code).toBe('CRL_NONE');
  expect(judge(issued, { revocation: 'soft' }, both).code).toBe('OK_SOFT');
});

test('where that path does not hold, the pin does', () => {
  const old = createIntermediate(root, { notAfter: new Date('2021-01-01') });
  const below = createLeaf(old);
  const profile = { trustLeaf: true };
  const verdict = ask({ now, anchors: [below, root], profile }, [below, old], { revocation: 'hard' });
  expect(verdict).toMatchObject({ code: 'OK', path: { length: 1 } });
});

test('a certificate that is pinned vouches for others as any anchor does, and is not asked for', () => {
  const child = createLeaf(root);
  const scene = { now, anchors: [root], profile: { trustLeaf: true } };
  expect(ask(scene, [child])).toMatchObject({ code: 'OK', path: { length: 2 } });
});

test('a trace is told of it', () => {
  const tree = new AttemptTree();
  const environment = environmentOf({ now, anchors: [peer], profile: { trustLeaf: true } });
  verify({ certificates: [peer.der], crls: [] }, environment, tree);
  expect(tree.root?.above).toMatchObject([{ isAnchor: true, endings: [{ code: 'OK' }] }]);
});
