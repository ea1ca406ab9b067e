import type { RevocationEvidence } from '../../wire/verdict.js';
import type { Certificate } from '../../x509/certificate.js';
import type { CrlFacts } from '../../x509/crl.js';
import type { Failure } from '../failure.js';
import { named } from '../named.js';
import { checkCertificateStatus } from './certificate-status.js';
import { checkRevocation } from './crl-status.js';
import { checkNoRevAvail, isExempt, isForgivable } from './revocation-exemption.js';
import type { RevocationInputs } from './revocation-inputs.js';
import { isoTime, isMoreSpecific } from '../verdict.js';
import type { ValidatedPath } from '../path/path-state.js';
import type { CandidateCrl } from '../crl-source.js';
import type { StatusFinding, OcspSource } from './finding.js';

/** The revocation result of a whole path. */
export interface PathRevocation {
  readonly evidence: readonly RevocationEvidence[];
  /** Why the path does not hold; `undefined` when it does. */
  readonly failure: Failure | undefined;
  /** Unknown statuses that mode `soft` forgave. */
  readonly forgiven: readonly Failure[];
  /** The leaf is revoked by its issuer's own key: no other path makes it good. */
  readonly isFinal: boolean;
  /** ms: the least of the nextUpdates. */
  readonly until: number;
}

const NOT_ASKED: PathRevocation = {
  evidence: [],
  failure: undefined,
  forgiven: [],
  isFinal: false,
  until: Infinity,
};

/** §6.1.3 (a)(3), for every certificate of the path but the anchor. Throws PROFILE_RULE and BUDGET_EXCEEDED. */
export function checkPathRevocation(validated: ValidatedPath, inputs: RevocationInputs): PathRevocation {
  const { mode } = inputs;
  if (mode === 'off') return NOT_ASKED;
  const { certificates, anchor } = validated.path;
  const { rules } = inputs.signing.validation.profile;
  const evidence: RevocationEvidence[] = [];
  const forgiven: Failure[] = [];
  let failure: Failure | undefined;
  let until = Infinity;
  let isFinal = false;
  for (let index = 0; index < certificates.length; index++) {
    const certificate = certificates[index];
    const key = validated.issuerKeys[index];
    if (certificate === undefined || key === undefined) break;
    if (rules.has('no-rev-avail')) checkNoRevAvail(certificate);
    const issuer = { certificate: certificates[index + 1] ?? anchor.certificate, key };
    const finding =
      inputs.ocsp === undefined
        ? checkRevocation(certificate, issuer, inputs)
        : checkCertificateStatus({ certificate, issuer, above: certificates.slice(index + 1) }, inputs);
    if (finding.state === 'unknown' && isExempt(certificate, index === 0, rules)) continue;
    const unknown = inputs.wants?.found(certificate, issuer, finding, inputs);
    evidence.push(toEvidence(certificate, finding));
    if (finding.state === 'good') {
      until = Math.min(until, finding.until);
      continue;
    }
    const found = finding.state === 'revoked' ? revoked(certificate, finding) : (unknown ?? finding.failure);
    if (mode === 'soft' && isForgivable(found)) {
      forgiven.push(found);
      continue;
    }
    // A revocation makes the path invalid, whatever else of it is unknown.
    if (
      failure?.code !== 'REVOKED' &&
      (found.code === 'REVOKED' || !failure || isMoreSpecific(found, failure))
    ) {
      failure = found;
    }
    isFinal ||= index === 0 && found.code === 'REVOKED';
  }
  return { evidence, failure, forgiven, isFinal, until };
}

function revoked(certificate: Certificate, finding: StatusFinding & { state: 'revoked' }): Failure {
  const since = isoTime(finding.date);
  const why = finding.reason === undefined ? '' : ` (${finding.reason})`;
  return { code: 'REVOKED', message: `${named(certificate)} was revoked ${since}${why}` };
}

function toEvidence(certificate: Certificate, finding: StatusFinding): RevocationEvidence {
  const { from } = finding;
  const { thisUpdate, nextUpdate, number } = from === undefined ? NO_DATES : datesOf(from);
  const source = from?.source ?? null;
  const evidence = {
    cert: certificate.fingerprint,
    source,
    thisUpdate,
    nextUpdate,
    number,
    state: finding.state,
  };
  if (finding.state !== 'revoked') return evidence;
  const revocation = { ...evidence, date: isoTime(finding.date) };
  return finding.reason === undefined ? revocation : { ...revocation, reason: finding.reason };
}

type Dates = Pick<RevocationEvidence, 'thisUpdate' | 'nextUpdate' | 'number'>;

const NO_DATES: Dates = { thisUpdate: null, nextUpdate: null, number: null };

function datesOf(from: CandidateCrl | OcspSource): Dates {
  return 'crl' in from ? written(from.crl) : toDates({ ...from.response, number: null });
}

/** Times and numbers as text: the same stored CRLs are evidence in every verdict. */
const writtenCrls = new WeakMap<CrlFacts, Dates>();

function written(crl: CrlFacts): Dates {
  const known = writtenCrls.get(crl);
  if (known !== undefined) return known;
  const dates = toDates(crl);
  writtenCrls.set(crl, dates);
  return dates;
}

function toDates({ thisUpdate, nextUpdate, number }: Pick<CrlFacts, keyof Dates>): Dates {
  return {
    thisUpdate: isoTime(thisUpdate),
    nextUpdate: nextUpdate === null ? null : isoTime(nextUpdate),
    number: number?.toString() ?? null,
  };
}
