import { OCSP_SOURCE } from '../../wire/verdict.js';
import type { BasicOcspResponse, SingleResponse } from '../../x509/ocsp.js';
import { endOfService, isCurrent, isIssued, isLater } from './crl-freshness.js';
import { type Failure, passableFailure, VerifyError } from '../failure.js';
import { named } from '../named.js';
import { CertIdMatcher } from './ocsp-cert-id.js';
import { type Trust, trustOf } from './ocsp-responder.js';
import { checkRevocation } from './crl-status.js';
import { isForgivable } from './revocation-exemption.js';
import type { OcspInputs, RevocationInputs, Subject } from './revocation-inputs.js';
import { isoTime, isMoreSpecific } from '../verdict.js';
import type { Finding, StatusFinding, OcspSource } from './finding.js';

/**
 * The status of one certificate by the OCSP responses of the request (RFC 6960 §3.2) and by the available CRLs. A
 * revocation in either counts; otherwise a valid response clears the certificate, and no CRL is needed; without such a
 * response the CRLs decide. Throws BUDGET_EXCEEDED.
 */
export function checkCertificateStatus(subject: Subject, inputs: RevocationInputs): StatusFinding {
  const { certificate, issuer } = subject;
  const { ocsp } = inputs;
  if (ocsp === undefined) return checkRevocation(certificate, issuer, inputs);
  const told = askResponses(subject, ocsp, inputs);
  if (told.state === 'revoked') return told;
  const listed = checkRevocation(certificate, issuer, inputs);
  if (listed.state !== 'unknown') return listed.state === 'good' && told.state === 'good' ? told : listed;
  return told.state === 'good' ? told : { ...listed, failure: together(told.failure, listed.failure) };
}

/** The more telling of the two failures, with the words of both. */
function together(ocsp: Failure, crl: Failure): Failure {
  const isOcsp = isMoreSpecific(ocsp, crl);
  const [first, second] = isOcsp ? [ocsp, crl] : [crl, ocsp];
  return { ...first, message: `${first.message}; ${second.message}` };
}

/** The newest of the valid responses decides; one with the status revoked counts at any age. */
function askResponses(subject: Subject, ocsp: OcspInputs, inputs: RevocationInputs): Finding<OcspSource> {
  const { budget } = inputs.signing.validation;
  const matcher = new CertIdMatcher(subject.certificate, subject.issuer.certificate, budget);
  let newest: ResponseFinding | undefined;
  let failure: Failure | undefined;
  for (const response of ocsp.responses) {
    budget.spendSteps(1);
    const singles = response.responses.filter(({ certId }) => matcher.matches(certId));
    if (singles.length === 0) continue;
    try {
      const word = consult(response, singles, subject, inputs);
      if (word.finding.state === 'revoked') return word.finding;
      newest = later(newest, word);
    } catch (error) {
      const found = unusable(passableFailure(error));
      if (failure === undefined || isMoreSpecific(found, failure)) failure = found;
    }
  }
  if (newest !== undefined) return newest.finding;
  return { state: 'unknown', from: undefined, failure: failure ?? nothing(subject, ocsp) };
}

interface ResponseFinding {
  readonly finding: Finding<OcspSource>;
  /** ms */
  readonly thisUpdate: number;
}

/** On a tie the one that does not know is believed. */
function later(a: ResponseFinding | undefined, b: ResponseFinding): ResponseFinding {
  if (a === undefined || a.thisUpdate < b.thisUpdate) return b;
  return a.thisUpdate === b.thisUpdate && b.finding.state === 'unknown' ? b : a;
}

/**
 * The status in those parts of a response that are about the certificate. Throws `VerifyError` or `X509Error` if the
 * response cannot be used.
 */
function consult(
  response: BasicOcspResponse,
  singles: readonly SingleResponse[],
  subject: Subject,
  inputs: RevocationInputs,
): ResponseFinding {
  checkCriticalExtensions(response);
  checkTime(response.producedAt, inputs);
  const trust = trustOf(response, subject, inputs, checkCertificateStatus);
  for (const single of singles) {
    checkCriticalExtensions(single);
    checkTime(single.thisUpdate, inputs);
    checkKnown(single, response);
  }
  const revocations = singles.flatMap((single) => revocationBy(single, inputs) ?? []);
  const words =
    revocations.length > 0 ? revocations : singles.map((single) => assurance(single, trust, subject, inputs));
  return words.reduce(later);
}

/** A response that was issued after the requested past instant proves only a revocation before it. */
function revocationBy(single: SingleResponse, { at }: RevocationInputs): ResponseFinding | undefined {
  const { certStatus, thisUpdate } = single;
  if (certStatus.kind !== 'revoked') return undefined;
  const { date, reason } = certStatus;
  if (at !== undefined && thisUpdate > at && date > at) return undefined;
  return {
    thisUpdate,
    finding: { state: 'revoked', from: { source: OCSP_SOURCE, response: single }, date, reason },
  };
}

/** That the certificate is not revoked, or that the responder does not know it: for that all must hold. */
function assurance(
  single: SingleResponse,
  { until, doubt }: Trust,
  { certificate }: Subject,
  inputs: RevocationInputs,
): ResponseFinding {
  if (doubt !== undefined) throw new VerifyError(doubt.code, doubt.message);
  const { certStatus, thisUpdate } = single;
  const end = endOfTime(single, inputs);
  if (certStatus.kind === 'good') {
    const from = { source: OCSP_SOURCE, response: single } as const;
    return { thisUpdate, finding: { state: 'good', from, until: Math.min(end, until) } };
  }
  const message = `the OCSP responder does not know ${named(certificate)}`;
  return {
    thisUpdate,
    finding: { state: 'unknown', from: undefined, failure: { code: 'OCSP_UNKNOWN', message } },
  };
}

/** RFC 6960 §4.4: no known extension matters to a reader who did not send the OCSP request. */
function checkCriticalExtensions({ extensions }: Pick<SingleResponse, 'extensions'>): void {
  const critical = extensions.find((extension) => extension.critical);
  if (critical === undefined) return;
  const why = `it has the unknown critical extension ${critical.oid}`;
  throw new VerifyError('OCSP_UNUSABLE', why, 'RFC 6960 4.4');
}

/** RFC 6960 §4.2.2.1: what is dated later than now is unreliable. */
function checkTime(time: number, inputs: RevocationInputs): void {
  if (isIssued(time, inputs)) return;
  const why = `it is of ${isoTime(time)}, which is yet to come`;
  throw new VerifyError('OCSP_UNUSABLE', why, 'RFC 6960 4.2.2.1');
}

/**
 * RFC 6960 §2.4: producedAt is when the responder signed, thisUpdate a time at which the status "is known by the responder
 * to have been correct". What was signed before that is a forecast. Both are in whole seconds; the same second passes.
 */
function checkKnown({ thisUpdate }: SingleResponse, { producedAt }: BasicOcspResponse): void {
  if (producedAt >= thisUpdate) return;
  const why = `it was signed ${isoTime(producedAt)}, before the time that it tells of, ${isoTime(thisUpdate)}`;
  throw new VerifyError('OCSP_UNUSABLE', why, 'RFC 6960 2.4');
}

/**
 * RFC 6960 §3.2 (5)(6), by the rules for CRLs: until nextUpdate, and no longer than the profile's age for what has
 * none. That "newer information is available all the time", as its absence says, does not tell how long this serves.
 */
function endOfTime(single: SingleResponse, inputs: RevocationInputs): number {
  const end = endOfService(single, inputs);
  if (end !== undefined && isCurrent(single, inputs)) return end;
  const why =
    end === undefined
      ? 'the OCSP response does not say when the next one is due'
      : isLater(single, inputs)
        ? `the OCSP response of ${isoTime(single.thisUpdate)} is later and proves only revocation`
        : `the OCSP response was due for renewal ${isoTime(end)}`;
  const { at } = inputs;
  if (at === undefined) throw new VerifyError('OCSP_STALE', why);
  throw new VerifyError('REVOCATION_AT_UNKNOWN', `at ${isoTime(at)} no OCSP response was current: ${why}`);
}

/** Whatever is wrong with a response or its signer, it says nothing; only what mode `soft` forgives is told apart. */
function unusable(failure: Failure): Failure {
  if (failure.code === 'BUDGET_EXCEEDED' || isForgivable(failure)) return failure;
  const { message, section } = failure;
  const told = { code: 'OCSP_UNUSABLE', message: `the OCSP response is of no use: ${message}` } as const;
  return section === undefined ? told : { ...told, section };
}

/** No response is about the certificate, as far as they could be read. */
function nothing({ certificate }: Subject, { broken, refusals }: OcspInputs): Failure {
  const [first] = broken;
  if (first !== undefined) {
    return { code: 'OCSP_UNUSABLE', message: `an OCSP response of the request is broken: ${first}` };
  }
  const [refusal] = refusals;
  const told = refusal === undefined ? '' : `; one says ${refusal}`;
  const message = `no OCSP response of the request is about ${named(certificate)}${told}`;
  return { code: 'CRL_NONE', message };
}
