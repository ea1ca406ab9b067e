import { hash } from 'node:crypto';
import { type Certificate, parseCertificate } from '../../x509/certificate.js';
import { KeyUsageBit } from '../../x509/extensions.js';
import { mayBeSameName } from '../../x509/name.js';
import type { BasicOcspResponse, ResponderId } from '../../x509/ocsp.js';
import { OID } from '../../x509/oid.js';
import { hasEcdsaParameters, signatureDigest, verifySignature } from '../../x509/signature.js';
import { signatureCost } from '../budget.js';
import type { CaKey } from '../keys/ca-key.js';
import { MAX_NESTING } from './crl-signer.js';
import { type Failure, failureOf, passableFailure, VerifyError } from '../failure.js';
import { keyHolder } from '../keys/key-name.js';
import { validatePath } from '../path/path-validator.js';
import type { Rule } from '../profiles.js';
import { checkNoRevAvail, isExempt, isForgivable, isUncheckedResponder } from './revocation-exemption.js';
import { NO_POLICY } from '../path/path-state.js';
import type { RevocationInputs, Subject } from './revocation-inputs.js';
import type { Finding } from './finding.js';

/** How far the signer of a response is trusted. */
export interface Trust {
  /** ms: until when nothing known today ends it. */
  readonly until: number;
  /** The mode forgives that the responder's own status is unknown; then only a revocation counts. */
  readonly doubt: Failure | undefined;
}

/** Asks for the status of a responder in its turn. Passed in, for it asks OCSP responses again. */
type Ask = (subject: Subject, inputs: RevocationInputs) => Finding<unknown>;

/**
 * RFC 6960 §4.2.2.2: the response is signed by the key that issued the certificate in question, or by a responder that
 * this very key certified for it. Responders that only a configuration knows there are none. Throws `VerifyError` or
 * `X509Error` for any other.
 *
 * The issuer's own key may always sign, whatever its keyUsage: it could as well certify a responder.
 */
export function trustOf(
  response: BasicOcspResponse,
  subject: Subject,
  inputs: RevocationInputs,
  ask: Ask,
): Trust {
  checkAlgorithm(response, inputs);
  const { issuer } = subject;
  let failure: Failure | undefined;
  if (isNamed(response.responder, issuer.certificate)) {
    if (isSignedBy(response, issuer.key, inputs)) return { until: Infinity, doubt: undefined };
    failure = {
      code: 'OCSP_UNUSABLE',
      message: `its signature is not that of the issuer, ${keyHolder(issuer.certificate)}`,
    };
  }
  const { validation, pool } = inputs.signing;
  validation.budget.spendSteps((response.certificates.length >> 2) + (pool.length >> 4));
  for (const holder of candidates(response, inputs)) {
    // A path validated, and the status of its end asked.
    validation.budget.spendSteps(4 + subject.above.length);
    try {
      return trustDelegate(response, holder, subject, inputs, ask);
    } catch (error) {
      failure = passableFailure(error);
    }
  }
  if (failure !== undefined) throw new VerifyError(failure.code, failure.message, failure.section);
  throw unusable('it is signed by a responder whose certificate is not at hand');
}

/** The certificates, of the response and of the request, that match the response's responderID. */
function candidates(response: BasicOcspResponse, { signing }: RevocationInputs): readonly Certificate[] {
  const others = signing.pool.map(({ certificate }) => certificate);
  return [...certificatesOf(response), ...others].filter((certificate) =>
    isNamed(response.responder, certificate),
  );
}

/** The same response is asked on each path. */
const sent = new WeakMap<BasicOcspResponse, readonly Certificate[]>();

function certificatesOf(response: BasicOcspResponse): readonly Certificate[] {
  const known = sent.get(response);
  if (known !== undefined) return known;
  const certificates = response.certificates.flatMap((der) => readQuietly(der) ?? []);
  sent.set(response, certificates);
  return certificates;
}

/** A broken one cannot be the signer's. */
function readQuietly(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    failureOf(error);
    return undefined;
  }
}

/** These are candidates: signature and certification are checked later. */
function isNamed(responder: ResponderId, { subject, subjectPublicKey }: Certificate): boolean {
  if (responder.kind === 'name') return mayBeSameName(responder.name, subject);
  return Buffer.compare(responder.hash, hash('sha1', subjectPublicKey, 'buffer')) === 0;
}

function trustDelegate(
  response: BasicOcspResponse,
  holder: Certificate,
  subject: Subject,
  inputs: RevocationInputs,
  ask: Ask,
): Trust {
  const { signatures } = inputs;
  const { issuer } = subject;
  checkCircle(holder, subject, inputs);
  checkDelegation(holder);
  checkPath(holder, subject, inputs);
  const key = signatures.key(holder, issuer.key);
  if (!isSignedBy(response, key, inputs))
    throw unusable(`its signature is not that of its responder, ${keyHolder(holder)}`);
  const { until, doubt } = standingOf(holder, key, subject, inputs, ask);
  return { until: Math.min(until, holder.notAfter), doubt };
}

/** A responder cannot give its own status, nor that of certificates on which it depends. */
function checkCircle(holder: Certificate, { certificate }: Subject, { signing }: RevocationInputs): void {
  const { inProgress } = signing;
  const asked = [certificate, ...inProgress.map((signer) => signer.certificate)];
  if (asked.some(({ spki }) => Buffer.compare(spki, holder.spki) === 0)) {
    throw unusable(`whether ${keyHolder(holder)}, which signed it, may be trusted hangs on its own word`);
  }
  if (inProgress.length >= MAX_NESTING) {
    throw unusable(
      `${keyHolder(holder)}, which signed it, stands behind more than ${MAX_NESTING} other signers`,
    );
  }
}

/** The purpose in so many words, which anyExtendedKeyUsage is not; keyUsage as RFC 5280 §4.2.1.12 has it for this purpose. */
function checkDelegation(holder: Certificate): void {
  if (holder.extendedKeyUsage?.includes(OID.ocspSigning) !== true) {
    throw unusable(`${keyHolder(holder)} signed it without the key purpose OCSPSigning`);
  }
  const signing = KeyUsageBit.digitalSignature | KeyUsageBit.nonRepudiation;
  if (holder.keyUsage !== undefined && (holder.keyUsage & signing) === 0) {
    throw unusable(`the keyUsage of ${keyHolder(holder)}, which signed it, allows no signatures`);
  }
}

/**
 * The path of the certificate in question, with the responder in its place: so its certificate is "signed by the same
 * key", and stands under all that the CAs above impose and the profile asks.
 */
function checkPath(holder: Certificate, { above }: Subject, { signing }: RevocationInputs): void {
  const { anchor, validation } = signing;
  const profile = { ...validation.profile, rules: rulesForResponders(validation.profile.rules) };
  try {
    validatePath(
      { certificates: [holder, ...above], anchor },
      { ...validation, profile, purpose: undefined, policy: NO_POLICY, trace: undefined },
    );
  } catch (error) {
    throw untrusted(holder, failureOf(error));
  }
}

/** Sets of rules are known by their object: see `checkCertificateRules`. */
const responderRules = new WeakMap<ReadonlySet<Rule>, ReadonlySet<Rule>>();

/** All but those about the names and purposes of TLS servers. */
function rulesForResponders(rules: ReadonlySet<Rule>): ReadonlySet<Rule> {
  const known = responderRules.get(rules);
  if (known !== undefined) return known;
  const kept = [...rules].filter((rule) => !rule.startsWith('server-') && rule !== 'common-name');
  const asked = new Set(kept);
  responderRules.set(rules, asked);
  return asked;
}

/**
 * RFC 6960 §4.2.2.2.1: a responder with id-pkix-ocsp-nocheck is trusted while its certificate is valid; the status of
 * any other is checked like that of every certificate, and one with unknown status is not trusted. A known revocation
 * counts for both.
 */
function standingOf(
  holder: Certificate,
  key: CaKey,
  { issuer, above }: Subject,
  inputs: RevocationInputs,
  ask: Ask,
): Trust {
  const { signing, mode } = inputs;
  const { inProgress, validation } = signing;
  const { rules } = validation.profile;
  if (rules.has('no-rev-avail')) checkNoRevAvail(holder);
  const nested = {
    ...inputs,
    signing: { ...signing, inProgress: [...inProgress, { certificate: holder, key }] },
  };
  const found = ask({ certificate: holder, issuer, above }, nested);
  if (found.state === 'good') return { until: found.until, doubt: undefined };
  if (found.state === 'revoked') throw unusable(`${keyHolder(holder)}, which signed it, is revoked`);
  if (isUncheckedResponder(holder) || isExempt(holder, true, rules)) {
    return { until: Infinity, doubt: undefined };
  }
  const { failure } = found;
  if (mode === 'soft' && isForgivable(failure)) {
    const message = `${keyHolder(holder)}, which signed the OCSP response, is not trusted: ${failure.message}`;
    return { until: Infinity, doubt: { code: failure.code, message } };
  }
  throw untrusted(holder, failure);
}

/** Baseline Requirements §7.1.3.2.1 and RFC 5758 §3.2, if the profile has those rules. */
function checkAlgorithm({ signatureAlgorithm }: BasicOcspResponse, { signing }: RevocationInputs): void {
  const { rules } = signing.validation.profile;
  if (rules.has('no-sha1') && signatureDigest(signatureAlgorithm) === 'sha1')
    throw unusable('it is signed with SHA-1');
  if (rules.has('signature-parameters') && hasEcdsaParameters(signatureAlgorithm))
    throw unusable('its signatureAlgorithm has parameters, which ECDSA does not have');
}

const checked = new WeakMap<BasicOcspResponse, Map<string, boolean>>();

function isSignedBy(response: BasicOcspResponse, key: CaKey, { signing }: RevocationInputs): boolean {
  const known = checked.get(response) ?? new Map<string, boolean>();
  checked.set(response, known);
  const before = known.get(key.id);
  if (before !== undefined) return before;
  const { signatureAlgorithm, tbs, signature } = response;
  signing.validation.budget.spendSignature(signatureCost(key.publicKey, tbs.length));
  const verified = verifySignature(signatureAlgorithm, tbs, signature, key.forSignature());
  known.set(key.id, verified);
  return verified;
}

function untrusted(holder: Certificate, { code, message }: Failure): VerifyError {
  if (code === 'BUDGET_EXCEEDED') return new VerifyError(code, message);
  return unusable(`${keyHolder(holder)}, which signed it, is not trusted: ${message}`);
}

function unusable(why: string): VerifyError {
  return new VerifyError('OCSP_UNUSABLE', why, 'RFC 6960 4.2.2.2');
}
