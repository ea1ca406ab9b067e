import { expect, test } from '@jest/globals';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import { createCertificate, createIntermediate, createLeaf, createRoot } from '../pki/pki.js';
import { ask, createChain, environmentOf, NOW } from './scene.js';
import { verify } from '../../src/verify/verify.js';

const { root, intermediate, leaf } = createChain();
const scene = { anchors: [root] };

test('a chain to an anchor is valid, and its path names every certificate, anchor last', () => {
  const verdict = ask(scene, [leaf, intermediate]);
  expect(verdict).toMatchObject({ status: 'valid', code: 'OK', checkedAt: new Date(NOW).toISOString() });
  expect(verdict.path).toHaveLength(3);
  expect(verdict.path.every((fingerprint) => /^[\da-f]{64}$/.test(fingerprint))).toBe(true);
  expect(verdict.validUntil).toBe('2049-12-31T00:00:00.000Z');
});

test('what one request leaves behind does not change the next', () => {
  const environment = environmentOf(scene);
  const request = { certificates: [leaf.der, intermediate.der], crls: [] };
  const first = verify(request, environment);
  expect(verify(request, environment)).toEqual(first);
  const stranger = createLeaf(createIntermediate(createRoot()));
  expect(verify({ certificates: [stranger.der, intermediate.der], crls: [] }, environment).code).toBe(
    'BAD_SIGNATURE',
  );
});

test('without the intermediate there is no path', () => {
  expect(ask(scene, [leaf])).toMatchObject({ status: 'invalid', code: 'NO_PATH', path: [] });
});

test('an anchor is no leaf', () => {
  expect(ask(scene, [root]).code).toBe('LEAF_IS_ANCHOR');
});

test('a chain to a stranger of the same name is refused', () => {
  const stranger = createRoot();
  expect(ask({ anchors: [stranger] }, [leaf, intermediate]).code).toBe('BAD_SIGNATURE');
});

test('a broken signature of the leaf or of a CA is found', () => {
  const broken = createLeaf(intermediate, { breakSignature: true });
  expect(ask(scene, [broken, intermediate]).code).toBe('BAD_SIGNATURE');
  const brokenCa = createIntermediate(root, { breakSignature: true });
  expect(ask(scene, [createLeaf(brokenCa), brokenCa]).code).toBe('BAD_SIGNATURE');
});

test('validity is inclusive to the second at both ends', () => {
  const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-02-01T00:00:00Z') };
  const dated = createLeaf(intermediate, dates);
  const codeAt = (time: string): string =>
    ask({ ...scene, now: Date.parse(time) }, [dated, intermediate]).code;
  expect(codeAt('2025-12-31T23:59:59.999Z')).toBe('NOT_YET_VALID');
  expect(codeAt('2026-01-01T00:00:00Z')).toBe('OK');
  expect(codeAt('2026-02-01T00:00:00.999Z')).toBe('OK');
  expect(codeAt('2026-02-01T00:00:01Z')).toBe('EXPIRED');
});

test('an end entity, a version 1 certificate and a CA without keyCertSign issue nothing', () => {
  const endEntity = createLeaf(root, { subject: 'Test Intermediate' });
  expect(ask(scene, [createLeaf(endEntity), endEntity]).code).toBe('NOT_A_CA');
  const version1 = createCertificate({ issuer: root, subject: 'V1 CA', version: 1 });
  expect(ask(scene, [createLeaf(version1), version1]).code).toBe('NOT_A_CA');
  const mute = createCertificate({
    issuer: root,
    subject: 'Mute CA',
    extensions: [ext.basicConstraints(), ext.keyUsage('cRLSign')],
  });
  expect(ask(scene, [createLeaf(mute), mute]).code).toBe('KEY_USAGE');
});

test('pathLenConstraint counts intermediates, and self-issued ones not', () => {
  const bounded = createIntermediate(root, { subject: 'Bounded', pathLength: 0 });
  expect(ask(scene, [createLeaf(bounded), bounded]).code).toBe('OK');
  const below = createIntermediate(bounded, { subject: 'Below' });
  expect(ask(scene, [createLeaf(below), below, bounded]).code).toBe('PATH_LENGTH');
  const selfIssued = createIntermediate(bounded, { subject: 'Bounded' });
  expect(ask(scene, [createLeaf(selfIssued), selfIssued, bounded]).code).toBe('OK');
});

test("a profile's maxIntermediates counts intermediates, and self-issued ones not", () => {
  const strictest = { ...scene, profile: { maxIntermediates: 1 } };
  expect(ask(strictest, [leaf, intermediate]).code).toBe('OK');
  const selfIssued = createIntermediate(intermediate, { subject: 'Test Intermediate' });
  expect(ask(strictest, [createLeaf(selfIssued), selfIssued, intermediate]).code).toBe('OK');
  const below = createIntermediate(intermediate, { subject: 'Below' });
  expect(ask(strictest, [createLeaf(below), below, intermediate]).code).toBe('PATH_LENGTH');
});

test('an unknown critical extension is refused in a leaf and in a CA, an unknown other one is not', () => {
  const unknown = (critical: boolean): der.Der => ext.extension('1.2.3.4', der.derNull(), critical);
  const withUnknown = createLeaf(intermediate, { extensions: [unknown(true)] });
  expect(ask(scene, [withUnknown, intermediate]).code).toBe('CRITICAL_EXTENSION');
  const ca = createIntermediate(root, { subject: 'Odd CA', extensions: [unknown(true)] });
  expect(ask(scene, [createLeaf(ca), ca]).code).toBe('CRITICAL_EXTENSION');
  const harmless = createLeaf(intermediate, { extensions: [unknown(false)] });
  expect(ask(scene, [harmless, intermediate]).code).toBe('OK');
});

test('a malformed leaf is invalid and names the field; other broken certificates are set aside', () => {
  const bytes = (list: readonly Uint8Array[]) => ({ certificates: list });
  const cut = leaf.der.subarray(0, -1);
  expect(ask(scene, [leaf], bytes([cut, intermediate.der]))).toMatchObject({
    status: 'invalid',
    code: 'MALFORMED',
  });
  expect(ask(scene, [leaf], bytes([leaf.der, cut, intermediate.der])).code).toBe('OK');
  expect(ask(scene, [leaf], bytes([leaf.der, cut])).message).toContain('set aside');
});

test('a broken known extension makes a certificate malformed, critical or not', () => {
  const broken = ext.extension('2.5.29.31', der.derNull());
  const odd = createLeaf(intermediate, { extensions: [broken] });
  expect(ask(scene, [odd, intermediate]).code).toBe('MALFORMED');
});

test('a dead end is left for the path that holds, whatever the order of the certificates', () => {
  const key = newKey('p-256');
  const good = createIntermediate(root, { subject: 'Cross CA', key });
  const expired = createIntermediate(root, {
    subject: 'Cross CA',
    key,
    notAfter: new Date('2021-01-01'),
  });
  const orphan = createIntermediate(createRoot({ subject: 'Nowhere' }), { subject: 'Cross CA', key });
  const child = createLeaf(good);
  expect(ask(scene, [child, orphan, expired, good]).code).toBe('OK');
  expect(ask(scene, [child, good, expired, orphan]).code).toBe('OK');
  expect(ask(scene, [child, expired, orphan]).code).toBe('EXPIRED');
});

test('CAs that certify each other make no endless path', () => {
  const [a, b] = [newKey('p-256'), newKey('p-256')];
  const certify = (subject: string, key: typeof a, by: string, byKey: typeof a) =>
    createIntermediate({ name: der.commonName(by), key: byKey }, { subject, key });
  const ring = [certify('A', a, 'B', b), certify('B', b, 'A', a), certify('A', a, 'A', a)];
  const child = createLeaf({ name: der.commonName('A'), key: a });
  expect(ask(scene, [child, ...ring]).code).toBe('NO_PATH');
});

test('a maze of CAs ends in BUDGET_EXCEEDED', () => {
  const key = newKey('p-256');
  const names = Array.from({ length: 10 }, (_, index) => `Maze ${index}`);
  const maze = names.flatMap((subject) =>
    names
      .filter((by) => by !== subject)
      .map((by) => createIntermediate({ name: der.commonName(by), key }, { subject, key })),
  );
  const child = createLeaf({ name: der.commonName('Maze 0'), key });
  expect(ask(scene, [child, ...maze])).toMatchObject({ status: 'indeterminate', code: 'BUDGET_EXCEEDED' });
});

test('under rfc5280 an anchor is a name and a key; other profiles check it as a certificate', () => {
  const expired = createRoot({ notAfter: new Date('2021-01-01') });
  const ca = createIntermediate(expired);
  const chain = [createLeaf(ca), ca];
  expect(ask({ anchors: [expired] }, chain).code).toBe('OK');
  expect(ask({ anchors: [expired], base: 'rfc5280-strict' }, chain).code).toBe('EXPIRED');
  expect(ask({ anchors: [expired], base: 'webpki' }, chain).code).toBe('EXPIRED');
});

test('SHA-1 is refused by webpki alone', () => {
  const old = createLeaf(intermediate, { digest: 'sha1' });
  expect(ask(scene, [old, intermediate]).code).toBe('OK');
  expect(ask({ ...scene, base: 'webpki' }, [old, intermediate]).code).toBe('WEAK_SIGNATURE');
});

test('a purpose must be among those of the leaf, when it has any', () => {
  const codeFor = (purpose: string): string => ask(scene, [leaf, intermediate], { purpose }).code;
  expect(codeFor('serverAuth')).toBe('OK');
  expect(codeFor('1.3.6.1.5.5.7.3.1')).toBe('OK');
  expect(codeFor('clientAuth')).toBe('PURPOSE');
});

test('an explicit policy that the path does not state is no valid policy', () => {
  expect(ask(scene, [leaf, intermediate], { policy: { explicit: true } }).code).toBe('NO_VALID_POLICY');
});

test('critical policies with an unknown qualifier are refused; known ones and uncritical ones are not', () => {
  const codeWith = (qualifier: string, critical: boolean): string => {
    const qualifiers = der.sequence(der.sequence(der.oid(qualifier), der.ia5String('https://ca.example')));
    const policies = der.sequence(der.sequence(der.oid('1.2.3'), qualifiers));
    const odd = createLeaf(intermediate, { extensions: [ext.extension('2.5.29.32', policies, critical)] });
    return ask(scene, [odd, intermediate]).code;
  };
  expect(codeWith('1.2.3.4', true)).toBe('CRITICAL_EXTENSION');
  expect(codeWith('1.2.3.4', false)).toBe('OK');
  expect(codeWith('1.3.6.1.5.5.7.2.1', true)).toBe('OK');
});
