import type { Certificate } from '../x509/certificate.js';
import { type CrlFacts, findEntry, type RevocationReason } from '../x509/crl.js';
import { ReasonBit } from '../x509/extensions.js';
import { formatName, mayBeSameName, sameName } from '../x509/name.js';
import { OID } from '../x509/oid.js';
import {
  checkCriticalEntryExtensions,
  checkCriticalExtensions,
  checkIssuersDuties,
} from './crl-extensions.js';
import { checkIssued, endOfService, isCurrent, isLater, staleness } from './crl-freshness.js';
import { checkIndirection, coveredReasons } from './crl-scope.js';
import { type CrlSigner, signerOf } from './crl-signer.js';
import { deltaOf } from './delta-crl.js';
import { ALL_REASONS, crlIssuersOf, isDelegated } from './distribution-points.js';
import { type Failure, failureOf, VerifyError } from './failure.js';
import { type Clearance, knownClearance, rememberClearance } from './known-clearance.js';
import type { CandidateCrl, Issuer, RevocationInputs } from './revocation-inputs.js';
import { moreTelling } from './verdict.js';

/** What is known of one certificate, and from which CRL or other source. */
export type Finding<Source = CandidateCrl> =
  | { readonly state: 'good'; readonly from: Source; /** ms */ readonly until: number }
  | Revocation<Source>
  | { readonly state: 'unknown'; readonly from: Source | undefined; readonly failure: Failure };

interface Revocation<Source = CandidateCrl> {
  readonly state: 'revoked';
  readonly from: Source;
  readonly date: number;
  readonly reason: RevocationReason | undefined;
}

/** A CRL may list the certificate: it is not revoked for certain, and nothing else clears it. */
interface Doubt {
  readonly state: 'doubtful';
  readonly finding: Finding & { readonly state: 'unknown' };
}

/**
 * RFC 5280 §6.3.3: asks the CRLs at hand until the certificate is revoked or all reasons are covered. They are asked
 * newest first, and within one scope the newest sound one decides, so a CRL from the request never outranks a newer
 * stored one; what it cannot be used for, an older or another one may still tell. A revocation in a stale CRL
 * stands, and so does one that the issuer's own key lists, whatever a newer CRL of another signer leaves out: each key
 * of a renewed CA may keep a list of its own. Throws BUDGET_EXCEEDED.
 */
export function checkRevocation(certificate: Certificate, issuer: Issuer, inputs: RevocationInputs): Finding {
  const inquiry = new Inquiry(certificate, issuer, inputs);
  let covered = 0;
  let coveredByIssuer = 0;
  let until = Infinity;
  let good: CandidateCrl | undefined;
  let failure: Failure | undefined;
  let from: CandidateCrl | undefined;
  let doubt: Doubt | undefined;
  for (const candidate of inquiry.offered) {
    inputs.signing.validation.budget.spendSteps(1);
    try {
      const found = inquiry.consult(candidate, coveredByIssuer);
      if (found === undefined) continue;
      if (found.state === 'revoked') {
        // The newer CRL that does not list the certificate may know that a hold was lifted.
        if (found.reason === 'certificateHold' && (covered & ReasonBit.certificateHold) !== 0) continue;
        return found;
      }
      if (found.state === 'doubtful') {
        doubt ??= found;
        continue;
      }
      if ((found.reasons & ~covered) !== 0) until = Math.min(until, found.until);
      good ??= candidate;
      covered |= found.reasons; // §6.3.3 (l)
      if (found.isByIssuer) coveredByIssuer |= found.reasons;
      if (coveredByIssuer === ALL_REASONS) return doubt?.finding ?? { state: 'good', from: good, until };
    } catch (thrown) {
      const unusable = crlFailure(failureOf(thrown));
      if (unusable.code === 'BUDGET_EXCEEDED') throw thrown;
      if (failure === undefined || moreTelling(unusable, failure)) {
        failure = unusable;
        from = candidate;
      }
    }
  }
  if (doubt !== undefined) return doubt.finding;
  if (good !== undefined && covered === ALL_REASONS) return { state: 'good', from: good, until };
  if (good !== undefined) return { state: 'unknown', from: good, failure: incomplete(failure) };
  return { state: 'unknown', from, failure: failure ?? noCrl(certificate, inputs) };
}

/** The questions about one certificate. */
class Inquiry {
  /** §6.3.3 (a): what there is of CRLs, newest first; the deltas among them. */
  readonly offered: readonly CandidateCrl[];
  readonly #certificate: Certificate;
  readonly #issuer: Issuer;
  readonly #inputs: RevocationInputs;
  /** Scopes whose newest CRL has been asked. */
  #decided: Set<string> | undefined = undefined;

  constructor(certificate: Certificate, issuer: Issuer, inputs: RevocationInputs) {
    this.#certificate = certificate;
    this.#issuer = issuer;
    this.#inputs = inputs;
    this.offered = newestFirst(certificate, issuer, inputs);
  }

  /**
   * What this CRL says, with its delta; `undefined` when it adds nothing. Throws `VerifyError` or `X509Error` when it
   * cannot be used.
   */
  consult(from: CandidateCrl, covered: number): Revocation | Clearance | Doubt | undefined {
    const { crl } = from;
    const inputs = this.#inputs;
    const issuer = this.#issuer;
    const isOnly = this.offered.length === 1;
    const known = isOnly ? knownClearance(from, issuer, inputs) : undefined;
    if (
      known !== undefined &&
      !isDelegated(this.#certificate) &&
      this.#listing(from) === undefined &&
      !this.#mayBeListed(from)
    )
      return known;
    const isOwn = sameName(crl.issuer, issuer.certificate.subject);
    // §6.3.3 (b), §6.3.3 (d)
    const { budget } = inputs.signing.validation;
    const reasons = coveredReasons(crl, isOwn, this.#certificate, budget);
    if (reasons === 'unclear') return this.#doubtByScope(from);
    if ((reasons & ~covered) === 0) return undefined; // §6.3.3 (e)
    checkCriticalExtensions(crl); // §5.2
    checkIssued(crl, inputs);
    // §6.3.3 (f), §6.3.3 (g)
    const signer = signerOf(crl, this.#certificate, isOwn ? issuer : undefined, inputs);
    checkCriticalEntryExtensions(crl);
    checkIndirection(crl);
    if (this.#isDecided(crl, signer)) return undefined;
    if (crl.isDelta) return this.#revocationByDelta(from);
    // §6.3.3 (c), §6.3.3 (h)
    const delta = !isOnly ? deltaOf(crl, signer.key, this.offered, inputs) : undefined;
    const revocation = this.#revocation(from, delta);
    if (revocation !== undefined) return revocation;
    if (this.#mayBeListed(from) || (delta !== undefined && this.#mayBeListed(delta))) return doubtAbout(from);
    if (isOwn && isDelegated(this.#certificate)) {
      throw new VerifyError(
        'CRL_SCOPE',
        'the certificate leaves its revocation to other CRL issuers than this',
      );
    }
    checkIssuersDuties(crl, inputs.signing.validation.profile.rules);
    if (signer.doubt !== undefined) throw new VerifyError(signer.doubt.code, signer.doubt.message);
    const current = delta !== undefined && isCurrent(delta.crl, inputs) ? delta.crl : crl;
    const end = endOfService(current, inputs);
    if (end === undefined || isLater(crl, inputs) || !isCurrent(current, inputs))
      throw staleness(crl, from.source, inputs);
    const isByIssuer = signer.key.id === issuer.key.id;
    const clearance = { state: 'clear', reasons, until: Math.min(end, signer.until), isByIssuer } as const;
    if (isOnly && isOwn) rememberClearance(from, issuer, inputs, clearance);
    return clearance;
  }

  /**
   * §6.3.3 (i), §6.3.3 (j), §6.3.3 (k). A delta past its time may revoke, but no longer takes back what the complete CRL
   * says.
   */
  #revocation(from: CandidateCrl, delta: CandidateCrl | undefined): Revocation | undefined {
    if (delta !== undefined) {
      const updated = this.#listing(delta);
      if (updated !== undefined && updated !== 'removed') return updated;
      if (updated === 'removed' && isCurrent(delta.crl, this.#inputs)) return undefined;
    }
    const listed = this.#listing(from);
    return listed === 'removed' ? undefined : listed;
  }

  /** Without the complete CRL that it updates, a delta CRL only ever proves a revocation. */
  #revocationByDelta(from: CandidateCrl): Revocation | Doubt {
    const listed = this.#listing(from);
    if (listed !== undefined && listed !== 'removed') return listed;
    if (this.#mayBeListed(from)) return doubtAbout(from);
    throw new VerifyError('DELTA_MISMATCH', 'the delta CRL updates no complete CRL at hand');
  }

  /** The entry for the certificate, by serial and issuer (§5.3.3). */
  #listing(from: CandidateCrl): Revocation | 'removed' | undefined {
    const { serial, issuer } = this.#certificate;
    const entry = findEntry(from.crl, serial, issuer);
    if (entry === undefined) return undefined;
    if (entry.reason === 'removeFromCRL') return 'removed';
    const { at } = this.#inputs;
    if (at !== undefined && from.crl.thisUpdate > at && entry.date > at) return undefined;
    return { state: 'revoked', from, date: entry.date, reason: entry.reason };
  }

  /**
   * A CRL whose names, or the certificate's, cannot be compared may be for the certificate, so what it lists counts
   * for doubt; it clears nothing.
   */
  #doubtByScope(from: CandidateCrl): Doubt {
    const { crl } = from;
    const { certificate } = this.#issuer;
    const isOwn = mayBeSameName(crl.issuer, certificate.subject);
    checkCriticalExtensions(crl);
    checkIssued(crl, this.#inputs);
    signerOf(crl, this.#certificate, isOwn ? this.#issuer : undefined, this.#inputs);
    checkCriticalEntryExtensions(crl);
    checkIndirection(crl);
    const listed = this.#listing(from);
    if ((listed !== undefined && listed !== 'removed') || this.#mayBeListed(from)) return doubtAbout(from);
    throw new VerifyError(
      'CRL_SCOPE',
      'the CRL has names that cannot be compared with those of the certificate',
    );
  }

  /** Under an issuer whose name cannot be compared with the certificate's; of a direct CRL there is none. */
  #mayBeListed({ crl }: CandidateCrl): boolean {
    const { serial, issuer } = this.#certificate;
    if (!crl.hasCertificateIssuer && (crl.issuer.isComparable || sameName(crl.issuer, issuer))) return false;
    return crl.mayList(serial, issuer);
  }

  /**
   * Has a newer complete CRL of this scope and key spoken, or before a delta CRL a newer delta? A CRL later than `at`
   * does not speak for then.
   */
  #isDecided(crl: CrlFacts, { key }: CrlSigner): boolean {
    if (this.offered.length === 1 || isLater(crl, this.#inputs)) return false;
    const point = crl.extensions.find(({ oid }) => oid === OID.issuingDistributionPoint)?.value ?? '';
    const scope = `${key.id} ${Buffer.from(point).toString('hex')} ${crl.issuer.key}`;
    const own = crl.isDelta ? `delta ${scope}` : scope;
    const decided = (this.#decided ??= new Set());
    const isKnown = decided.has(scope) || decided.has(own);
    decided.add(own);
    return isKnown;
  }
}

/**
 * §6.3.3 (a): on a tie the higher number, then the stored one, goes first. CRLs that carry the certificate's own subject as
 * their issuer come last of all: see `checkCircle`.
 */
function newestFirst(
  certificate: Certificate,
  issuer: Issuer,
  inputs: RevocationInputs,
): readonly CandidateCrl[] {
  const { budget } = inputs.signing.validation;
  const issuers = crlIssuersOf(certificate, issuer.certificate.subject, budget);
  const [only] = issuers;
  if (inputs.given.length === 0 && issuers.length === 1 && only !== undefined) {
    const found = inputs.stored.find(only);
    if (found.length < 2) return found;
  }
  const stored = issuers.flatMap((name) => inputs.stored.find(name));
  const keys = new Set(issuers.map(({ key }) => key));
  const given = inputs.given.filter(
    ({ crl }) => keys.has(crl.issuer.key) || issuers.some((name) => mayBeSameName(name, crl.issuer)),
  );
  const offered = stored.concat(given);
  // A handful costs nothing worth counting; finding and sorting many does.
  budget.spendSteps((inputs.given.length >> 6) * issuers.length + (offered.length >> 4));
  if (offered.length < 2) return offered;
  const isOwn = ({ crl }: CandidateCrl): boolean =>
    sameName(crl.issuer, certificate.subject) && !sameName(crl.issuer, certificate.issuer);
  return offered.toSorted(
    (a, b) =>
      Number(isOwn(a)) - Number(isOwn(b)) ||
      b.crl.thisUpdate - a.crl.thisUpdate ||
      compareNumbers(b.crl.number, a.crl.number),
  );
}

function doubtAbout(from: CandidateCrl): Doubt {
  const message =
    'a CRL lists the serial number under names that cannot be compared with those of the certificate';
  return {
    state: 'doubtful',
    finding: { state: 'unknown', from, failure: { code: 'CRL_MALFORMED', message, section: '5.3.3' } },
  };
}

/** A parser's words speak of a certificate; here it was the CRL. */
function crlFailure(failure: Failure): Failure {
  const { code } = failure;
  const isParsing = code === 'MALFORMED' || code === 'DUPLICATE_EXTENSION' || code === 'ALGORITHM_MISMATCH';
  return isParsing ? { code: 'CRL_MALFORMED', message: failure.message } : failure;
}

/** §6.3.3 (l): some reasons are covered, and for the others nothing was found. */
function incomplete(failure: Failure | undefined): Failure {
  const why = failure === undefined ? '' : `; of another CRL: ${failure.message}`;
  const message = `the CRLs at hand do not cover all reasons for a revocation${why}`;
  return { code: 'CRL_REASONS_INCOMPLETE', message };
}

function noCrl(certificate: Certificate, { broken }: RevocationInputs): Failure {
  const [first] = broken;
  if (first !== undefined)
    return { code: 'CRL_MALFORMED', message: `a CRL of the request is broken: ${first}` };
  return { code: 'CRL_NONE', message: `there is no CRL of ${formatName(certificate.issuer)}` };
}

function compareNumbers(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  return (a ?? -1n) < (b ?? -1n) ? -1 : 1;
}
