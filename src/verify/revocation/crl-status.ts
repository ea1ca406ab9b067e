import type { Certificate } from '../../x509/certificate.js';
import { type CrlFacts, findEntry } from '../../x509/crl.js';
import { formatName, mayBeSameName, sameName } from '../../x509/name.js';
import {
  checkCriticalEntryExtensions,
  checkCriticalExtensions,
  checkIssuersDuties,
} from './crl-extensions.js';
import { checkIssued, endOfService, isCurrent, isLater, staleness } from './crl-freshness.js';
import { HeardScopes, scopeOf } from './crl-order.js';
import { checkIndirection, coveredReasons } from './crl-scope.js';
import { type CrlSigner, signerOf } from './crl-signer.js';
import { deltasOf } from './delta-crl.js';
import { ALL_REASONS, isDelegated } from './distribution-points.js';
import { type Failure, failureOf, passableFailure, VerifyError } from '../failure.js';
import { type NotRevoked, cachedNotRevoked, cacheNotRevoked } from './crl-result-cache.js';
import { offeredCrls } from './offered-crls.js';
import type { Issuer, RevocationInputs } from './revocation-inputs.js';
import { isMoreSpecific } from '../verdict.js';
import type { CandidateCrl } from '../crl-source.js';
import type { Finding, Revocation } from './finding.js';

/** A CRL may list the certificate: it is not revoked for certain, and nothing else clears it. */
interface Doubt {
  readonly state: 'doubtful';
  readonly finding: Finding & { readonly state: 'unknown' };
}

/**
 * RFC 5280 §6.3.3: consults the available CRLs until all reasons are covered and no remaining CRL lists the
 * certificate. Within one scope the newest valid CRL replaces the earlier ones; between CRLs that cannot be ordered a
 * revocation counts (see crl-order.ts), as does one in a stale CRL. If a CRL cannot be used, an older or another one
 * still may. Throws BUDGET_EXCEEDED.
 */
export function checkRevocation(certificate: Certificate, issuer: Issuer, inputs: RevocationInputs): Finding {
  const inquiry = new Inquiry(certificate, issuer, inputs);
  const { offered } = inquiry;
  let covered = 0;
  let until = Infinity;
  let good: CandidateCrl | undefined;
  let failure: Failure | undefined;
  let from: CandidateCrl | undefined;
  let doubt: Doubt | undefined;
  for (let index = 0; index < offered.length; index++) {
    const candidate = offered[index]!;
    inputs.signing.validation.budget.spendSteps(1);
    try {
      const found = inquiry.consult(candidate);
      if (found === undefined) continue;
      if (found.state === 'revoked') return found;
      if (found.state === 'doubtful') {
        doubt ??= found;
        continue;
      }
      if ((found.reasons & ~covered) !== 0) until = Math.min(until, found.until);
      good ??= candidate;
      covered |= found.reasons; // §6.3.3 (l)
      if (covered === ALL_REASONS && !inquiry.mayBeListedFrom(index + 1)) break;
    } catch (error) {
      const unusable = crlFailure(passableFailure(error));
      // It is relevant but cannot be read, so it may list the certificate.
      if (unusable.code === 'INTERNAL') return { state: 'unknown', from: candidate, failure: unusable };
      if (failure === undefined || isMoreSpecific(unusable, failure)) {
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

const NONE: readonly CandidateCrl[] = [];

/** The questions about one certificate. */
class Inquiry {
  /** §6.3.3 (a): what there is of CRLs: the complete ones, newest first, then the deltas, newest first. */
  readonly offered: readonly CandidateCrl[];
  readonly #certificate: Certificate;
  readonly #issuer: Issuer;
  readonly #inputs: RevocationInputs;
  #heard: HeardScopes | undefined = undefined;

  constructor(certificate: Certificate, issuer: Issuer, inputs: RevocationInputs) {
    this.#certificate = certificate;
    this.#issuer = issuer;
    this.#inputs = inputs;
    this.offered = offeredCrls(certificate, issuer, inputs);
  }

  /**
   * The status by this CRL with its delta; `undefined` if a newer one replaces it. Throws `VerifyError` or `X509Error`
   * if it cannot be used.
   */
  consult(from: CandidateCrl): Revocation | NotRevoked | Doubt | undefined {
    const { crl } = from;
    const inputs = this.#inputs;
    const issuer = this.#issuer;
    const isOnly = this.offered.length === 1;
    const known = isOnly ? cachedNotRevoked(from, issuer, inputs) : undefined;
    if (
      known !== undefined &&
      !isDelegated(this.#certificate) &&
      this.#listing(from) === undefined &&
      !this.#mayBeListed(from)
    )
      return known;
    const isOwn = sameName(crl.issuer, issuer.certificate.subject);
    // §6.3.3 (b), §6.3.3 (d). Not §6.3.3 (e): a CRL that covers no further reason may still list the certificate.
    const reasons = coveredReasons(crl, isOwn, this.#certificate, inputs.signing.validation.budget);
    if (reasons === 'unclear') return this.#doubtByScope(from);
    checkCriticalExtensions(crl); // §5.2
    checkIssued(crl, inputs);
    // §6.3.3 (f), §6.3.3 (g)
    const signer = signerOf(crl, this.#certificate, isOwn ? issuer : undefined, inputs);
    checkCriticalEntryExtensions(crl);
    checkIndirection(crl);
    if (crl.isDelta) return this.#revocationByDelta(from, signer);
    // §6.3.3 (c), §6.3.3 (h)
    const deltas = isOnly ? NONE : deltasOf(crl, signer.key, this.offered, inputs);
    const current = deltas.length > 0 && deltas.every((delta) => isCurrent(delta.crl, inputs));
    const newest = current ? (deltas[0]?.crl ?? crl) : crl;
    if (!isOnly && this.#isSuperseded(crl, newest, signer)) return undefined;
    const revocation = this.#revocation(from, deltas, current);
    if (revocation !== undefined) return revocation;
    if (this.#mayBeListed(from)) return doubtAbout(from);
    if ([from, ...deltas].some(isDisputed)) return disputeAbout(from);
    if (isOwn && isDelegated(this.#certificate)) {
      throw new VerifyError(
        'CRL_SCOPE',
        'the certificate leaves its revocation to other CRL issuers than this',
      );
    }
    checkIssuersDuties(crl, inputs.signing.validation.profile.rules);
    if (signer.doubt !== undefined) throw new VerifyError(signer.doubt.code, signer.doubt.message);
    const end = endOfService(newest, inputs);
    if (end === undefined || isLater(crl, inputs) || !isCurrent(newest, inputs))
      throw staleness(crl, from.source, inputs);
    const isByIssuer = signer.key.id === issuer.key.id;
    const clearance = { state: 'clear', reasons, until: Math.min(end, signer.until), isByIssuer } as const;
    if (isOnly && isOwn) cacheNotRevoked(from, issuer, inputs, clearance);
    return clearance;
  }

  /** Does one of the CRLs from this one on list the certificate, as far as they can be read? */
  mayBeListedFrom(index: number): boolean {
    const { offered } = this;
    this.#inputs.signing.validation.budget.spendSteps((offered.length - index) >> 4);
    for (let at = index; at < offered.length; at++) {
      const candidate = offered[at];
      if (candidate !== undefined && this.#mayList(candidate)) return true;
    }
    return false;
  }

  /** An unreadable CRL is consulted, too: the error says why. */
  #mayList(candidate: CandidateCrl): boolean {
    try {
      const listed = this.#listing(candidate);
      return (listed !== undefined && listed !== 'removed') || this.#mayBeListed(candidate);
    } catch (error) {
      failureOf(error);
      return true;
    }
  }

  /**
   * §6.3.3 (i), §6.3.3 (j), §6.3.3 (k). Deltas take a hold back (§5.3.1) when all of them say so and are current: one past
   * its time may only revoke.
   */
  #revocation(
    from: CandidateCrl,
    deltas: readonly CandidateCrl[],
    areCurrent: boolean,
  ): Revocation | undefined {
    const updates = deltas.map((delta) => this.#listing(delta));
    for (const updated of updates) if (updated !== undefined && updated !== 'removed') return updated;
    const listed = this.#listing(from);
    if (listed === undefined || listed === 'removed') return undefined;
    const isLifted = areCurrent && updates.every((updated) => updated === 'removed');
    return isLifted && listed.reason === 'certificateHold' ? undefined : listed;
  }

  /** Without the complete CRL that it updates, a delta CRL only ever proves a revocation. */
  #revocationByDelta(from: CandidateCrl, { key }: CrlSigner): Revocation | Doubt | undefined {
    const { crl } = from;
    const scope = scopeOf(crl, key);
    const heard = (this.#heard ??= new HeardScopes());
    if (heard.isDeltaSuperseded(scope, crl)) return undefined;
    if (isCurrent(crl, this.#inputs)) heard.addDelta(scope, crl);
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

  /** Under an issuer whose name cannot be compared with the certificate's. */
  #mayBeListed({ crl }: CandidateCrl): boolean {
    const { serial, issuer } = this.#certificate;
    const isClear = (crl.issuer.isComparable && issuer.isComparable) || sameName(crl.issuer, issuer);
    if (!crl.hasCertificateIssuer && isClear) return false;
    return crl.mayList(serial, issuer);
  }

  /**
   * Whether a newer complete CRL of this scope was consulted. If not, this one counts as consulted, with its deltas. A
   * CRL later than `at` does not count.
   *
   * @param newest the delta that updates it, if that is current
   */
  #isSuperseded(crl: CrlFacts, newest: CrlFacts, { key }: CrlSigner): boolean {
    if (isLater(crl, this.#inputs)) return false;
    const scope = scopeOf(crl, key);
    const heard = (this.#heard ??= new HeardScopes());
    if (heard.isSuperseded(scope, crl)) return true;
    heard.addComplete(scope, newest);
    return false;
  }
}

function doubtAbout(from: CandidateCrl): Doubt {
  const message =
    'a CRL lists the serial number under names that cannot be compared with those of the certificate';
  return {
    state: 'doubtful',
    finding: { state: 'unknown', from, failure: { code: 'CRL_MALFORMED', message, section: '5.3.3' } },
  };
}

/** See `IndexedCrl`. */
function isDisputed({ crl }: CandidateCrl): boolean {
  return 'isDisputed' in crl && (crl.isDisputed ?? false);
}

function disputeAbout(from: CandidateCrl): Doubt {
  const message = `CRLs of one key and scope that are neither older nor newer than that of ${from.source} were there and are not kept; until a newer one comes, a certificate that it does not list may be revoked`;
  return {
    state: 'doubtful',
    finding: { state: 'unknown', from, failure: { code: 'CRL_MALFORMED', message, section: '5.2.3' } },
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
