import { expect, test } from '@jest/globals';
import { Budget } from '../../src/verify/budget.js';
import { CaMemory } from '../../src/verify/keys/ca-memory.js';
import { validatePath } from '../../src/verify/path/path-validator.js';
import { failureOf } from '../../src/verify/failure.js';
import { Signatures } from '../../src/verify/keys/signatures.js';
import { VERDICT_CODES, type Verdict, type VerdictCode } from '../../src/wire/verdict.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import { OID } from '../../src/x509/oid.js';
import { deltaCrlIndicator, distributionPoints, scope } from '../pki/crl-extensions.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import {
  type CertificateOptions,
  createCertificate,
  createIntermediate,
  createLeaf,
  createRoot,
} from '../pki/pki.js';
import { crl, hours, intermediate, judge, leaf, root } from './crl-scene.js';
import { judge as judgeStapled, response } from './ocsp-scene.js';
import { ask, environmentOf, HOUR, NOW, type Scene } from './scene.js';

/** What no verification alone comes to, and what does. */
const GIVEN_ELSEWHERE = {
  FETCH_FAILED: 'fetching CRLs',
  FETCH_REFUSED: 'fetching CRLs',
  FETCH_LIMIT: 'fetching CRLs',
  TIMEOUT: 'the thread pool, over a request that runs too long',
  INTERNAL: 'the thread pool, over a thread that dies, and a thread over a defect',
} as const satisfies Partial<Record<VerdictCode, string>>;

type EngineCode = Exclude<VerdictCode, keyof typeof GIVEN_ELSEWHERE>;

const scene = { anchors: [root] };
const withLeaf = (options: CertificateOptions, changes: Partial<Scene> = {}): Verdict =>
  ask({ ...scene, ...changes }, [createLeaf(intermediate, options), intermediate]);
const withCa = (extensions: readonly der.Der[], policy = {}): Verdict => {
  const ca = createCertificate({ issuer: root, subject: 'Odd CA', extensions });
  return ask(scene, [createLeaf(ca), ca], { policy });
};
const caUsage = ext.keyUsage('keyCertSign');
const twice = ext.extension('1.2.3.4', der.derNull());
const dsaWithSha512 = der.sequence(der.oid('2.16.840.1.101.3.4.3.4'));
const mapping = (from: string, to: string): der.Der =>
  ext.extension(OID.policyMappings, der.sequence(der.sequence(der.oid(from), der.oid(to))));
const brokenEntry = { serial: 1, extensions: [ext.extension(OID.reasonCode, der.derNull())] };

/** The least that makes the engine give each code. */
const SCENES: Readonly<Record<EngineCode, () => { readonly code: string }>> = {
  OK: () => judge({ stored: [crl(intermediate)] }),
  OK_SOFT: () => judge({ stored: [], mode: 'soft' }),
  NO_PATH: () => ask(scene, [leaf]),
  LEAF_IS_ANCHOR: () => ask(scene, [root]),
  NAME_CHAINING: unchainedPath,
  BAD_SIGNATURE: () => withLeaf({ breakSignature: true }),
  MALFORMED: () => ask(scene, [leaf], { certificates: [leaf.der.subarray(1)] }),
  DUPLICATE_EXTENSION: () => withLeaf({ extensions: [twice, twice] }),
  ALGORITHM_MISMATCH: () => withLeaf({ outerAlgorithm: dsaWithSha512 }),
  BAD_KEY: brokenKey,
  WEAK_KEY: () => withLeaf({ key: 'ed25519' }, { base: 'webpki-strict' }),
  WEAK_SIGNATURE: () => withLeaf({ digest: 'sha1' }, { base: 'webpki' }),
  EXPIRED: () => withLeaf({ notAfter: hours(-1) }),
  NOT_YET_VALID: () => withLeaf({ notBefore: hours(1) }),
  NOT_A_CA: () => withCa([]),
  PATH_LENGTH: () => ask({ ...scene, profile: { maxIntermediates: 0 } }, [leaf, intermediate]),
  KEY_USAGE: () => withCa([ext.basicConstraints(), ext.keyUsage('cRLSign')]),
  NAME_CONSTRAINT: () =>
    withCa([
      ext.basicConstraints(),
      caUsage,
      ext.nameConstraints({ permitted: [ext.generalName.dns('other')] }),
    ]),
  NAME_FORM_UNSUPPORTED: constrainedUnknownForm,
  NO_VALID_POLICY: () => withCa([ext.basicConstraints(), caUsage], { explicit: true }),
  MAPPING_ANY_POLICY: () => withCa([ext.basicConstraints(), caUsage, mapping(OID.anyPolicy, '1.2.3')]),
  CRITICAL_EXTENSION: () => withLeaf({ extensions: [ext.extension('1.2.3.4', der.derNull(), true)] }),
  PURPOSE: () => ask(scene, [leaf, intermediate], { purpose: 'clientAuth' }),
  PEER_NAME: () => ask(scene, [leaf, intermediate], { hosts: ['other.example'] }),
  PROFILE_RULE: () => withLeaf({ serial: 0 }, { base: 'rfc5280-strict' }),
  REVOKED: () => judge({ stored: [crl(intermediate, { revoked: [{ serial: leaf.serial }] })] }),
  BUDGET_EXCEEDED: tooManyPolicies,
  UNSUPPORTED_ALGORITHM: () => withLeaf({ innerAlgorithm: dsaWithSha512, outerAlgorithm: dsaWithSha512 }),
  CRL_NONE: () => judge({ stored: [] }),
  CRL_MALFORMED: () => judge({ stored: [crl(intermediate, { revoked: [brokenEntry] })] }),
  CRL_CRITICAL_EXTENSION: () =>
    judge({ stored: [crl(intermediate, { extensions: [ext.extension('1.2.3', der.derNull(), true)] })] }),
  CRL_SCOPE: () => judge({ stored: [crl(intermediate, { extensions: [scope({ caCerts: true })] })] }),
  DELTA_MISMATCH: () =>
    judge({ stored: [crl(intermediate, { extensions: [ext.crlNumber(2), deltaCrlIndicator(1)] })] }),
  CRL_ISSUER_UNTRUSTED: () => judge({ stored: [crl(createRoot({ subject: intermediate.name }))] }),
  CRL_KEY_USAGE: muteSigner,
  CRL_BAD_SIGNATURE: () => judge({ stored: [crl(intermediate, { breakSignature: true })] }),
  CRL_NOT_YET_VALID: () => judge({ stored: [crl(intermediate, { thisUpdate: hours(0.5) })] }),
  CRL_NO_NEXT_UPDATE: () => judge({ stored: [crl(intermediate, { nextUpdate: null })] }),
  CRL_STALE: () => judge({ stored: [crl(intermediate, { nextUpdate: hours(-0.5) })] }),
  CRL_REASONS_INCOMPLETE: someReasons,
  REVOCATION_AT_UNKNOWN: () => judge({ stored: [crl(intermediate)], at: NOW - 2 * HOUR }),
  OCSP_STALE: () => judgeStapled({ ocsp: [response({ nextUpdate: hours(-0.5) })] }),
  OCSP_UNUSABLE: () => judgeStapled({ ocsp: [response({}, { breakSignature: true })] }),
  OCSP_UNKNOWN: () => judgeStapled({ ocsp: [response({ status: 'unknown' })] }),
};

test.each(Object.entries(SCENES))('%s is given where it should be', (code, run) => {
  expect(run().code).toBe(code);
});

test('every code has a scene, or is none of the engine', () => {
  const known = [...Object.keys(SCENES), ...Object.keys(GIVEN_ELSEWHERE)];
  expect(known.toSorted()).toEqual(Object.keys(VERDICT_CODES).toSorted());
});

/** The builder follows names, so the validator is handed a path that does not chain. */
function unchainedPath(): { readonly code: string } {
  const child = createLeaf({ name: der.commonName('Somebody Else'), key: intermediate.key });
  const certificates = [child, intermediate].map((one) => parseCertificate(one.der));
  const anchor = parseCertificate(root.der);
  const budget = new Budget();
  const inputs = {
    time: NOW,
    profile: environmentOf(scene).profiles.get('test')!,
    purpose: undefined,
    policy: {},
    signatures: new Signatures(new CaMemory(), budget, certificates[0]!),
    budget,
    trace: undefined,
  };
  try {
    validatePath({ certificates, anchor: { subject: anchor.subject, certificate: anchor } }, inputs);
  } catch (error) {
    return failureOf(error);
  }
  return { code: 'OK' };
}

function brokenKey(): Verdict {
  const key = newKey('ed25519');
  const spki = der.sequence(der.sequence(der.oid(OID.ed25519)), der.bitString(Buffer.alloc(31)));
  const ca = createIntermediate(root, { subject: 'Odd CA', key: { ...key, spki } });
  return ask(scene, [createLeaf(ca), ca]);
}

function constrainedUnknownForm(): Verdict {
  const name = ext.generalName.rid('1.2.3');
  const ca = createIntermediate(root, { extensions: [ext.nameConstraints({ excluded: [name] })] });
  const child = createCertificate({ issuer: ca, extensions: [ext.subjectAltName(name)] });
  return ask(scene, [child, ca]);
}

function tooManyPolicies(): Verdict {
  const policies = Array.from({ length: 20_000 }, (_, index) => der.sequence(der.oid(`1.2.3.${index}`)));
  return withLeaf({ extensions: [ext.extension(OID.certificatePolicies, der.sequence(...policies))] });
}

function muteSigner(): Verdict {
  const ca = createCertificate({
    issuer: root,
    subject: 'Mute CA',
    extensions: [ext.basicConstraints(), caUsage],
  });
  const crls = [crl(root), crl(ca)];
  return ask(scene, [createLeaf(ca), ca], { revocation: 'hard', crls });
}

function someReasons(): Verdict {
  const uri = 'http://crl.example/1';
  const child = createLeaf(intermediate, { extensions: [distributionPoints({ uri })] });
  return judge({ leaf: child, stored: [crl(intermediate, { extensions: [scope({ uri, reasons: [1] })] })] });
}
