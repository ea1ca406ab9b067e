import { expect, test } from '@jest/globals';
import { CrlWants } from '../../../src/verify/revocation/missing-crls.js';
import { verify } from '../../../src/verify/verify.js';
import type { WantedCrl } from '../../../src/wire/crl.js';
import { OID } from '../../../src/x509/oid.js';
import { distributionPoints } from '../../pki/crl-extensions.js';
import * as der from '../../pki/der-builder.js';
import { basicConstraints, extension, keyUsage } from '../../pki/extensions.js';
import {
  type CertificateOptions,
  createCertificate,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  type Issued,
} from '../../pki/pki.js';
import { environmentOf, HOUR, NOW } from '../scene.js';

// Whose CRLs are fetched, stored and served: keys of which the path was validated, and no others.

const URL = 'http://crl.example/ca.crl';
const root = createRoot();
const other = createRoot({ subject: 'Other Root' });
const ca = createIntermediate(root, { subject: 'Issuing CA' });
const hours = (count: number): Date => new Date(NOW + count * HOUR);
const crl = (issuer: Issued, options: Parameters<typeof createCrl>[1] = {}): Buffer =>
  createCrl(issuer, { thisUpdate: hours(-2), nextUpdate: hours(1), ...options }).der;

const caUsage = (...usages: readonly ('keyCertSign' | 'cRLSign')[]): readonly der.Der[] => [
  basicConstraints(),
  keyUsage(...usages),
];
const named = (options: Partial<CertificateOptions>): Issued =>
  createCertificate({ subject: ca.name, issuer: root, ...options });
const cRLSigning = extension(OID.keyUsage, der.namedBits(6), true);

/** The keys that are wanted of a point, for a chain with these beside it. */
function signersFor(
  leaf: Issued,
  others: readonly Issued[],
  stored: readonly Buffer[] = [],
): readonly Uint8Array[] {
  let used: readonly WantedCrl[] = [];
  const wants = new CrlWants({
    maxWanted: 8,
    asked: new Set(),
    failures: [],
    sourcesOf: () => [],
    urlsOf: ({ uris }) => uris,
    knownFailure: () => undefined,
    used: (_, wanted) => (used = [...used, ...wanted()]),
  });
  const certificates = [leaf, ca, ...others].map((each) => each.der);
  const environment = environmentOf({ anchors: [root], stored: [crl(root), ...stored] });
  verify({ certificates, crls: [], revocation: 'hard' }, environment, undefined, wants);
  const signers = [...wants.list(), ...used]
    .filter(({ uris }) => uris.includes(URL))
    .flatMap((each) => each.signers);
  return [...new Map(signers.map((spki) => [Buffer.from(spki).toString('hex'), spki])).values()];
}

const leaf = createLeaf(ca, { extensions: [distributionPoints({ uri: URL })] });
const has = (keys: readonly Uint8Array[], { key }: Issued): boolean =>
  keys.some((spki) => Buffer.compare(spki, key.spki) === 0);

test.each<[string, readonly Issued[]]>([
  ['signed by itself', [createRoot({ subject: ca.name })]],
  ['of a root that is not configured', [named({ issuer: other, extensions: caUsage('cRLSign') }), other]],
  ['whose signature is broken', [named({ extensions: caUsage('cRLSign'), breakSignature: true })]],
  ['that may not sign CRLs', [named({ extensions: caUsage('keyCertSign') })]],
  ['of an end entity that says nothing of CRLs', [named({})]],
  ['that is past its time', [named({ extensions: [cRLSigning], notAfter: hours(-1) })]],
  [
    'signed by an end entity',
    [createCertificate({ subject: ca.name, issuer: leaf, extensions: [cRLSigning] })],
  ],
])('a certificate of the issuer’s name %s does not count', (_, others) => {
  for (const stored of [[], [crl(ca)]]) {
    const keys = signersFor(leaf, others, stored);
    expect(has(keys, ca)).toBe(true);
    expect(keys).toHaveLength(1);
  }
});

test('nor does one that is known to be revoked', () => {
  const old = named({ extensions: caUsage('cRLSign') });
  expect(has(signersFor(leaf, [old]), old)).toBe(true);
  const revoking = crl(root, { thisUpdate: hours(-1), revoked: [{ serial: old.serial }] });
  const keys = signersFor(leaf, [old], [revoking]);
  expect([has(keys, ca), has(keys, old)]).toEqual([true, false]);
});

test.each<[string, readonly Issued[]]>([
  ['another key of the CA, by the root', [named({ extensions: caUsage('cRLSign', 'keyCertSign') })]],
  ['a signer of CRLs that is not a CA', [named({ extensions: [cRLSigning] })]],
  ['one that the CA itself certified', [named({ issuer: ca, extensions: [cRLSigning] })]],
])('%s counts where its path holds', (_, others) => {
  for (const stored of [[], [crl(ca)]]) {
    const keys = signersFor(leaf, others, stored);
    expect([has(keys, ca), ...others.map((each) => has(keys, each))]).toEqual([true, true]);
  }
});

test('for a cRLIssuer its own key counts under the anchor of the path, and an impostor’s does not', () => {
  const signer = createCertificate({ subject: 'CRL Signer', issuer: root, extensions: [cRLSigning] });
  const impostor = createRoot({ subject: signer.name });
  const pointed = createLeaf(ca, { extensions: [distributionPoints({ uri: URL, crlIssuer: signer.name })] });
  const keys = signersFor(pointed, [impostor, signer]);
  expect(keys).toHaveLength(1);
  expect(has(keys, signer)).toBe(true);
  expect(signersFor(pointed, [impostor])).toEqual([]);
});

test('the trust anchor counts for CRLs of its own name', () => {
  const pointed = createLeaf(ca, { extensions: [distributionPoints({ uri: URL, crlIssuer: root.name })] });
  const keys = signersFor(pointed, [createRoot({ subject: root.name })]);
  expect(keys).toHaveLength(1);
  expect(has(keys, root)).toBe(true);
});
