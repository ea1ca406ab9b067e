import { expect, test } from '@jest/globals';
import { Budget, DEFAULT_LIMITS } from '../../src/verify/budget.js';
import { OID } from '../../src/x509/oid.js';
import { certificateIssuer, distributionPoints, scope } from '../pki/crl-extensions.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { createCertificate, createIntermediate, createLeaf, createRoot } from '../pki/pki.js';
import { crl, intermediate, leaf, root } from './crl-scene.js';
import { ask } from './scene.js';

const scene = { anchors: [root] };
const exceeded = (message: RegExp) => ({
  status: 'indeterminate',
  code: 'BUDGET_EXCEEDED',
  message: expect.stringMatching(message),
});

test.each([
  ['spendSignature', 'signatures'],
  ['spendSteps', 'steps'],
  ['spendComparisons', 'comparisons'],
  ['spendMatches', 'matches'],
  ['spendPolicies', 'policies'],
  ['spendNames', 'names'],
  ['spendNameOctets', 'nameOctets'],
] as const)('%s takes what the limit says, in parts or at once, and no more', (spend, limit) => {
  const whole = new Budget();
  whole[spend](DEFAULT_LIMITS[limit]);
  expect(() => whole[spend](1)).toThrow(expect.objectContaining({ code: 'BUDGET_EXCEEDED' }));
  const parts = new Budget();
  parts[spend](DEFAULT_LIMITS[limit] - 1);
  parts[spend](1);
  expect(() => parts[spend](1)).toThrow('would cost more than one request may');
});

test('certificates are counted before one is read, and the message names limit and way out', () => {
  const filler = Buffer.alloc(DEFAULT_LIMITS.certificateOctets - leaf.der.length - intermediate.der.length);
  const certificates = [leaf.der, intermediate.der, filler];
  expect(ask(scene, [], { certificates }).code).toBe('OK');
  expect(ask(scene, [], { certificates: [...certificates, Buffer.alloc(1)] })).toMatchObject(
    exceeded(/^the certificates of the request have 2097153 octets, more than 2097152: leave out/),
  );
});

test('CRLs of the request are counted, those that name issuers most', () => {
  const large = crl(intermediate, { extensions: [ext.extension('1.2.3', Buffer.alloc(1 << 22))] });
  const entry = { serial: 1, extensions: [certificateIssuer(der.commonName('x'.repeat(1 << 18)))] };
  const indirect = crl(intermediate, { revoked: [entry], extensions: [scope({ indirect: true })] });
  const judge = (list: Buffer) => ask(scene, [leaf, intermediate], { crls: [list], revocation: 'hard' });
  expect(judge(large)).toMatchObject(exceeded(/^the CRLs of the request .* belong into crl.directory$/));
  expect(judge(indirect)).toMatchObject(exceeded(/^the indirect CRLs of the request have/));
});

test('OCSP responses are counted before one is read', () => {
  const judge = (length: number) =>
    ask(scene, [leaf, intermediate], { ocsp: [Buffer.alloc(length)], revocation: 'hard' });
  expect(judge(DEFAULT_LIMITS.ocspOctets).code).toBe('OCSP_UNUSABLE');
  expect(judge(DEFAULT_LIMITS.ocspOctets + 1)).toMatchObject(
    exceeded(/^the OCSP responses of the request have 1048577 octets, more than 1048576: leave out/),
  );
});

test('the points of a certificate are counted by their number, and by the issuers that they name', () => {
  const judge = (points: der.Der, list: Buffer) =>
    ask(scene, [createLeaf(intermediate, { extensions: [points] }), intermediate], {
      crls: [list],
      revocation: 'hard',
    });
  const scoped = crl(intermediate, { extensions: [scope({ uri: 'http://crl.example/x' })] });
  const many = Array.from({ length: 1000 }, () => ({ dn: der.commonName('CRL'.repeat(100)) }));
  const others = Array.from({ length: 5000 }, (_, index) => ({ crlIssuer: der.commonName(`${index}`) }));
  expect(judge(distributionPoints(...many), scoped)).toMatchObject(exceeded(/^comparing distinguished/));
  expect(judge(distributionPoints(...others), scoped)).toMatchObject(exceeded(/^building and trying paths/));
});

test('names under constraints are counted however few the constraints', () => {
  const excluded = [ext.generalName.dns('no.example')];
  const ca = createIntermediate(root, { extensions: [ext.nameConstraints({ excluded })] });
  const codeFor = (count: number): string => {
    const dns = Array.from({ length: count }, (_, index) => `n${index}.example`);
    return ask(scene, [createLeaf(ca, { subject: 'many', dns }), ca]).code;
  };
  expect(codeFor(DEFAULT_LIMITS.names)).toBe('OK');
  expect(codeFor(DEFAULT_LIMITS.names + 1)).toBe('BUDGET_EXCEEDED');
});

test('directory names are counted by their octets', () => {
  const excluded = [ext.generalName.dn(der.commonName('no'))];
  const ca = createIntermediate(root, { extensions: [ext.nameConstraints({ excluded })] });
  const names = Array.from({ length: 20 }, () => ext.generalName.dn(der.commonName('e'.repeat(15_000))));
  const child = createCertificate({ issuer: ca, extensions: [ext.subjectAltName(...names)] });
  expect(ask(scene, [child, ca])).toMatchObject(exceeded(/^comparing distinguished names/));
});

test('names are prepared for comparison until that has cost what one request may', () => {
  const rdns = Array.from({ length: 1000 }, () => der.set(der.attributeOf(['2.5.4.3', 'É'])));
  const { key } = intermediate;
  const named = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      createRoot({ key, subject: der.sequence(der.set(der.attributeOf(['2.5.4.3', `${index}`])), ...rdns) }),
    );
  const child = createLeaf({ name: der.commonName('x'), key });
  expect(ask(scene, [child, ...named(2)]).code).toBe('NO_PATH');
  expect(ask(scene, [child, ...named(8)])).toMatchObject(exceeded(/^reading what the request holds/));
});

test('what was too dear to read is not taken for broken or absent', () => {
  const policies = Array.from({ length: 9000 }, (_, index) => der.sequence(der.oid(`1.2.${index}`)));
  const dear = ext.extension(OID.certificatePolicies, der.sequence(...policies));
  const aside = createLeaf(root, { subject: 'aside', extensions: [dear] });
  // It is no issuer of the leaf's, so nothing of it is read; as the leaf it is read.
  expect(ask(scene, [leaf, intermediate, aside]).code).toBe('OK');
  expect(ask(scene, [aside])).toMatchObject(exceeded(/^reading what the request holds/));
});
