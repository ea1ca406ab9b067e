import { PkixdError } from '../src/errors.js';
import type { VerifyRequest } from '../src/wire/request.js';
import type { Verdict } from '../src/wire/verdict.js';
import { parseAllExtensions, parseCertificate } from '../src/x509/certificate.js';
import { parseCrl } from '../src/x509/crl.js';
import { KeyUsageBit } from '../src/x509/extensions.js';
import { X509Error } from '../src/x509/x509-error.js';
import { Budget } from '../src/verify/budget.js';
import { CaMemory } from '../src/verify/keys/ca-memory.js';
import { RequestError } from '../src/verify/failure.js';
import type { Profile } from '../src/verify/profiles.js';
import { issuerPool } from '../src/verify/path/path-builder.js';
import { checkPathRevocation } from '../src/verify/revocation/path-revocation.js';
import { checkRevocation } from '../src/verify/revocation/crl-status.js';
import { Signatures } from '../src/verify/keys/signatures.js';
import { TrustStore } from '../src/verify/trust-store.js';
import { verify, type VerifyEnvironment } from '../src/verify/verify.js';
import { wantedOutcome } from './expectation.js';
import { rulesOf, trustsLeaf } from './profile-of.js';
import type { Case, PeerNameParameter } from './suite.js';
import type { CrlSource } from '../src/verify/crl-source.js';

/** What came out, and whether it is what the case wants. */
export interface CaseResult {
  readonly passed: boolean;
  /** `valid`, `invalid`, `indeterminate`; for the logic of revocation alone `good`, `revoked`, `unknown`. */
  readonly got: string;
  readonly code: string;
  readonly message: string;
}

const NO_STORE: CrlSource = { find: () => [] };

/** One memory for the whole run, as a thread has it: what is remembered must never change an outcome. */
const memory = new CaMemory();

/**
 * Runs one case. A request that is refused counts as invalid: a host name that is not one, a certificate that cannot
 * be read. Throws what is not the engine's own error: that is a bug.
 *
 * @param stored where its CRLs are, when they are not to be handed in with the request
 */
export function runCase(suite: string, test: Case, stored?: CrlSource): CaseResult {
  try {
    if (test.params.parseOnly === true) return runParser(test, () => parseCertificateWhole(test.leaf));
    if (test.params.parseOnly === 'crl')
      return runParser(test, () => parseCrlWhole(test.crls[0] ?? test.leaf));
    if (test.params.unitLevel === true) return runRevocation(suite, test);
    return runVerify(suite, test, stored);
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    const { code, message } = error;
    return { passed: isRefusal(error) && test.expected === 'invalid', got: 'refused', code, message };
  }
}

/** For what the request holds, and not for what the runner made of it. */
function isRefusal(thrown: PkixdError): boolean {
  return thrown instanceof X509Error || (thrown instanceof RequestError && thrown.code === 'BAD_ARGUMENT');
}

function runVerify(suite: string, test: Case, stored: CrlSource | undefined): CaseResult {
  const { params } = test;
  const environment = environmentOf(suite, test);
  const verdict =
    stored === undefined
      ? verify(requestOf(test), environment)
      : verify({ ...requestOf(test), crls: [] }, { ...environment, crls: stored });
  const { status, code, message } = verdict;
  const isRight = wantedOutcome(test).isMetBy(verdict);
  const wrong = !isRight ? undefined : (wrongKeyUsage(test, verdict) ?? wrongPolicies(params, verdict));
  if (wrong !== undefined) return { passed: false, got: status, ...wrong };
  return { passed: isRight, got: status, code, message };
}

/** `parseOnly` */
function runParser(test: Case, parse: () => void): CaseResult {
  let code = 'OK';
  let message = 'parsed';
  try {
    parse();
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    ({ code, message } = error);
  }
  const got = code === 'OK' ? 'valid' : 'invalid';
  return { passed: got === test.expected, got, code, message };
}

/** With every extension in it that is known. */
function parseCertificateWhole(base64: string): void {
  parseAllExtensions(parseCertificate(bytes(base64)));
}

/** With every entry. */
function parseCrlWhole(base64: string): void {
  void parseCrl(bytes(base64)).entryCount;
}

/** `unitLevel`: the leaf's issuer is the anchor, and only revocation is asked. */
function runRevocation(suite: string, test: Case): CaseResult {
  const leaf = parseCertificate(bytes(test.leaf));
  const issuer = parseCertificate(bytes(test.trustAnchors[0] ?? ''));
  const { profiles } = environmentOf(suite, test);
  const profile = profiles.get('case');
  if (profile === undefined) throw new Error('the case has no profile');
  const budget = new Budget();
  const signatures = new Signatures(memory, budget, leaf);
  const anchors = new TrustStore([issuer]);
  const others = test.intermediates.map((der) => parseCertificate(bytes(der)));
  const broken: string[] = [];
  const given = test.crls.flatMap((crl) => {
    try {
      return [{ crl: parseCrl(bytes(crl)), source: 'request' }];
    } catch (error) {
      if (!(error instanceof PkixdError)) throw error;
      broken.push(error.message);
      return [];
    }
  });
  const finding = checkRevocation(
    leaf,
    { certificate: issuer, key: signatures.key(issuer) },
    {
      mode: 'hard',
      now: timeOf(test),
      at: undefined,
      grace: 0,
      maxAge: maxAgeOf(test),
      stored: NO_STORE,
      given,
      broken,
      ocsp: undefined,
      signatures,
      signing: {
        anchor: { subject: issuer.subject, certificate: issuer },
        pool: issuerPool(leaf, others, anchors),
        validation: {
          time: timeOf(test),
          profile,
          purpose: undefined,
          policy: {},
          signatures,
          budget,
          trace: undefined,
        },
        inProgress: [],
        standing: checkPathRevocation,
      },
    },
  );
  const failure = finding.state === 'unknown' ? finding.failure : { code: 'OK', message: finding.state };
  return { passed: finding.state === test.params.expectedRevocation, got: finding.state, ...failure };
}

function requestOf({ leaf, intermediates, trustAnchors, crls, ocsp, params }: Case): VerifyRequest {
  const names = [...(params.peerNames ?? []), ...(params.peerName ? [params.peerName] : [])];
  const purpose = params.eku?.[0];
  return {
    certificates: [leaf, ...intermediates].map(bytes),
    anchors: trustAnchors.map(bytes),
    crls: crls.map(bytes),
    ...(ocsp !== undefined && { ocsp: ocsp.map(bytes) }),
    ...(purpose !== undefined && { purpose }),
    hosts: namesOf(names, 'dns'),
    ips: namesOf(names, 'ip'),
    emails: namesOf(names, 'rfc822'),
    policy: {
      initial: params.userInitialPolicySet ?? ['2.5.29.32.0'],
      explicit: params.initialExplicitPolicy ?? false,
      inhibitMapping: params.initialPolicyMappingInhibit ?? false,
      inhibitAny: params.initialInhibitAnyPolicy ?? false,
    },
  };
}

function environmentOf(suite: string, test: Case): VerifyEnvironment {
  const profile: Profile = {
    rules: rulesOf(suite, test),
    anchors: new TrustStore([]),
    revocation: revocationOf(test),
    purpose: null,
    crlMaxAge: maxAgeOf(test),
    maxIntermediates: test.params.maxDepth ?? null,
    trustLeaf: trustsLeaf(suite),
  };
  const now = timeOf(test);
  return {
    profiles: new Map([['case', profile]]),
    defaultProfile: 'case',
    crls: NO_STORE,
    crlGrace: 0,
    memory,
    now: () => now,
  };
}

/** The case's own mode; `all-with-supplied-crls` asks only where there is a CRL, which is what `soft` does. */
function revocationOf({ params }: Case): Profile['revocation'] {
  if (params.checkRevocation === undefined) return 'off';
  if (params.mode !== undefined) return params.mode;
  return params.checkRevocation === 'all-with-supplied-crls' ? 'soft' : 'hard';
}

function wrongPolicies(
  { expectedUserConstrainedPolicySet: expected }: Case['params'],
  { policies, status }: Verdict,
): { readonly code: string; readonly message: string } | undefined {
  if (expected === undefined || status !== 'valid') return undefined;
  const wanted = expected.toSorted().join(' ');
  const got = [...policies].toSorted().join(' ');
  if (wanted === got) return undefined;
  return { code: 'POLICY_SET', message: `policies: wanted ${wanted || 'none'}, got ${got || 'none'}` };
}

/** No request can ask for bits of the leaf's key usage: a case that does passes only when they are there anyway. */
function wrongKeyUsage(
  { leaf, params, expected }: Case,
  { status }: Verdict,
): { readonly code: string; readonly message: string } | undefined {
  if (params.keyUsage === undefined || status !== 'valid' || expected !== 'valid') return undefined;
  const usage = parseCertificate(bytes(leaf)).keyUsage ?? -1;
  const missing = params.keyUsage.filter(
    (bit) => !Object.entries(KeyUsageBit).some(([name, mask]) => name === bit && (usage & mask) !== 0),
  );
  if (missing.length === 0) return undefined;
  return { code: 'KEY_USAGE', message: `key usage lacks ${missing.join(', ')}` };
}

function namesOf(names: readonly PeerNameParameter[], kind: PeerNameParameter['kind']): string[] {
  return names.filter((name) => name.kind === kind).map(({ value }) => value);
}

function maxAgeOf({ params }: Case): number | null {
  return params.maxCrlAgeSeconds === undefined ? null : params.maxCrlAgeSeconds * 1000;
}

function timeOf({ time }: Case): number {
  return time === null ? Date.now() : Date.parse(time);
}

function bytes(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
