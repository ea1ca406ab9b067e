import type { Certificate } from '../x509/certificate.js';
import { type Crl, findEntry, type RevocationReason } from '../x509/crl.js';
import { type DistributionPointName, KeyUsageBit } from '../x509/extensions.js';
import type { GeneralName } from '../x509/general-name.js';
import { formatName, type Name, sameName } from '../x509/name.js';
import { OID } from '../x509/oid.js';
import type { CaKey } from './ca-memory.js';
import { type Failure, type FailureCode, failureOf, VerifyError } from './failure.js';
import type { Signatures } from './signatures.js';
import { moreTelling } from './verdict.js';

/** Where stored CRLs come from: a folder now, the host's store later. */
export interface CrlSource {
  /** The CRLs whose issuer has this name, in any order. */
  find(issuer: Name): readonly CandidateCrl[];
}

export interface CandidateCrl {
  readonly crl: Crl;
  /** For people: a file's name, or `request`. */
  readonly source: string;
}

/** The issuer of the certificate in question: its key, and its certificate. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly key: CaKey;
}

export interface RevocationInputs {
  /** ms. */
  readonly now: number;
  /** A past instant in place of now (ms, whole seconds). */
  readonly at: number | undefined;
  /** ms past nextUpdate that a CRL still serves. */
  readonly grace: number;
  /** ms that a CRL without nextUpdate serves from its thisUpdate; `null`: not at all. */
  readonly maxAge: number | null;
  readonly stored: CrlSource;
  /** The request's own. */
  readonly given: readonly CandidateCrl[];
  /** Why CRLs of the request were set aside. */
  readonly broken: readonly string[];
  readonly signatures: Signatures;
}

/** What is known of one certificate, and from which CRL. */
export type Finding =
  | { readonly state: 'good'; readonly from: CandidateCrl; /** ms */ readonly until: number }
  | {
      readonly state: 'revoked';
      readonly from: CandidateCrl;
      readonly date: number;
      readonly reason: RevocationReason | undefined;
    }
  | { readonly state: 'unknown'; readonly from: CandidateCrl | undefined; readonly failure: Failure };

/** How far another host's clock may be ahead, ms. */
const CLOCK_TOLERANCE = 5 * 60_000;

/**
 * RFC 5280 §6.3.3 for complete CRLs signed with the certificate issuer's own key. Indirect CRLs and CRLs signed with
 * another key are not used; delta CRLs and CRLs for some reasons only ever prove a revocation.
 *
 * The newest CRL that is authentic and in scope decides, so a CRL from the request never outranks a newer stored
 * one. Throws BUDGET_EXCEEDED.
 */
export function checkRevocation(certificate: Certificate, issuer: Issuer, inputs: RevocationInputs): Finding {
  let from: CandidateCrl | undefined;
  let failure: Failure | undefined;
  for (const candidate of newestFirst(certificate, inputs)) {
    try {
      return consult(candidate, certificate, issuer, inputs);
    } catch (thrown) {
      const unusable = crlFailure(failureOf(thrown));
      if (unusable.code === 'BUDGET_EXCEEDED') throw thrown;
      if (failure === undefined || moreTelling(unusable, failure)) {
        failure = unusable;
        from = candidate;
      }
    }
  }
  return { state: 'unknown', from, failure: failure ?? noCrl(certificate, inputs) };
}

/** (a), (b)(1): the CRLs of the certificate's issuer; on a tie the higher number, then the stored one, goes first. */
function newestFirst(certificate: Certificate, inputs: RevocationInputs): CandidateCrl[] {
  const offered = [...inputs.stored.find(certificate.issuer), ...inputs.given];
  const candidates = offered.filter(({ crl }) => sameName(crl.issuer, certificate.issuer));
  return candidates.toSorted((a, b) => {
    const byTime = b.crl.thisUpdate - a.crl.thisUpdate;
    return byTime === 0 ? compareNumbers(b.crl.number, a.crl.number) : byTime;
  });
}

/** What this CRL says. Throws `VerifyError` or `X509Error` when it cannot be used, so that an older one is asked. */
function consult(
  from: CandidateCrl,
  certificate: Certificate,
  issuer: Issuer,
  inputs: RevocationInputs,
): Finding {
  const { crl } = from;
  const { at } = inputs;
  checkScope(crl, certificate); // (b)(2)
  checkCriticalExtensions(crl);
  checkIssuerKeyUsage(issuer); // (f)
  if (crl.thisUpdate > inputs.now + CLOCK_TOLERANCE) {
    throw new VerifyError('CRL_NOT_YET_VALID', `the CRL is of ${iso(crl.thisUpdate)}, which is yet to come`);
  }
  checkSignature(crl, issuer, inputs.signatures); // (g)
  checkEntries(crl);
  // (j)(k): removeFromCRL un-revokes
  const entry = findEntry(crl, certificate.serial);
  const isLater = at !== undefined && crl.thisUpdate > at;
  const isPartial = crl.isDelta || crl.issuingDistributionPoint?.onlySomeReasons !== undefined;
  if (entry !== undefined && entry.reason !== 'removeFromCRL' && !(isLater && entry.date > at)) {
    return { state: 'revoked', from, date: entry.date, reason: entry.reason };
  }
  if (isLater) throw unknownAt(at, `the CRL of ${iso(crl.thisUpdate)} is later and proves only revocation`);
  if (isPartial) throw unsupported('delta CRLs and CRLs for some reasons');
  return freshness(from, inputs);
}

/** The CRL does not list the certificate: is it recent enough for that to mean anything? */
function freshness(from: CandidateCrl, inputs: RevocationInputs): Finding {
  const { thisUpdate, nextUpdate } = from.crl;
  const instant = inputs.at ?? inputs.now;
  if (nextUpdate === null && inputs.maxAge === null) {
    return unknown(from, 'CRL_NO_NEXT_UPDATE', 'the CRL does not say when the next one is due');
  }
  const aged = inputs.maxAge === null ? Infinity : thisUpdate + inputs.maxAge;
  const until = Math.min(nextUpdate ?? Infinity, aged) + (inputs.at === undefined ? inputs.grace : 0);
  if (instant < until) return { state: 'good', from, until };
  if (inputs.at !== undefined) {
    const { code, message } = unknownAt(
      inputs.at,
      `the newest CRL before it was due for renewal ${iso(until)}`,
    );
    return unknown(from, code, message);
  }
  return unknown(from, 'CRL_STALE', `the newest CRL was due for renewal ${iso(until)}`);
}

/** (b)(2): is the certificate among those that this CRL speaks of? */
function checkScope(crl: Crl, certificate: Certificate): void {
  const scope = crl.issuingDistributionPoint;
  if (scope === undefined) return;
  if (scope.indirectCrl) throw unsupported('indirect CRLs');
  const isCa = certificate.basicConstraints?.ca === true;
  if (scope.distributionPoint !== undefined && !isOfPoint(certificate, scope.distributionPoint)) {
    throw outOfScope('another distribution point'); // (i)
  }
  if (scope.onlyContainsUserCerts && isCa) throw outOfScope('user certificates only'); // (ii)
  if (scope.onlyContainsCaCerts && !isCa) throw outOfScope('CA certificates only'); // (iii)
  if (scope.onlyContainsAttributeCerts) throw outOfScope('attribute certificates only'); // (iv)
}

/** (b)(2)(i), for points that the certificate gives in full, for all reasons, and without another issuer. */
function isOfPoint(certificate: Certificate, scope: DistributionPointName): boolean {
  if (scope.kind === 'relativeName') throw unsupported('distribution points relative to the issuer');
  return (certificate.crlDistributionPoints ?? []).some(
    ({ name, reasons, crlIssuer }) =>
      reasons === undefined &&
      crlIssuer === undefined &&
      name?.kind === 'fullName' &&
      name.names.some((a) => scope.names.some((b) => isSameLocation(a, b))),
  );
}

function isSameLocation(a: GeneralName, b: GeneralName): boolean {
  if (a.kind === 'dn') return b.kind === 'dn' && sameName(a.name, b.name);
  if (a.kind === 'uri') return b.kind === 'uri' && a.value === b.value;
  return false;
}

const PROCESSED: ReadonlySet<string> = new Set([
  OID.authorityKeyIdentifier,
  OID.crlNumber,
  OID.deltaCrlIndicator,
  OID.issuingDistributionPoint,
]);

/** §5.2: a CRL with a critical extension that is not processed says nothing. */
function checkCriticalExtensions(crl: Crl): void {
  for (const { critical, oid } of crl.extensions) {
    if (critical && !PROCESSED.has(oid)) {
      throw new VerifyError('CRL_CRITICAL_EXTENSION', `the CRL has the unknown critical extension ${oid}`);
    }
  }
}

/** §5.3: nor does one with such an extension in any of its entries. */
function checkEntries(crl: Crl): void {
  if (crl.criticalEntryExtension !== undefined) {
    const oid = crl.criticalEntryExtension;
    throw new VerifyError(
      'CRL_CRITICAL_EXTENSION',
      `an entry of the CRL has the unknown critical extension ${oid}`,
    );
  }
  if (crl.hasCertificateIssuer) throw unsupported('CRLs that list certificates of other issuers');
}

/** (f): a keyUsage extension, where the issuer has one, must name cRLSign. */
function checkIssuerKeyUsage({ certificate }: Issuer): void {
  const usage = certificate.keyUsage;
  if (usage === undefined || (usage & KeyUsageBit.cRLSign) !== 0) return;
  throw new VerifyError('CRL_KEY_USAGE', `${formatName(certificate.subject)} may not sign CRLs`);
}

/** (g) */
function checkSignature(crl: Crl, issuer: Issuer, signatures: Signatures): void {
  if (signatures.isCrlSignedBy(crl, issuer.key)) return;
  const signer = crl.authorityKeyIdentifier?.keyIdentifier;
  const own = issuer.certificate.subjectKeyIdentifier;
  if (signer !== undefined && own !== undefined && Buffer.compare(signer, own) !== 0) {
    throw new VerifyError('CRL_ISSUER_UNTRUSTED', "the CRL is signed with another key than the issuer's own");
  }
  throw new VerifyError('CRL_BAD_SIGNATURE', "the CRL's signature is not the issuer's");
}

/** A parser's words speak of a certificate; here it was the CRL. */
function crlFailure({ code, message }: Failure): Failure {
  const isParsing = code === 'MALFORMED' || code === 'DUPLICATE_EXTENSION' || code === 'ALGORITHM_MISMATCH';
  return { code: isParsing ? 'CRL_MALFORMED' : code, message };
}

function noCrl(certificate: Certificate, { broken }: RevocationInputs): Failure {
  const [first] = broken;
  if (first !== undefined)
    return { code: 'CRL_MALFORMED', message: `a CRL of the request is broken: ${first}` };
  return { code: 'CRL_NONE', message: `there is no CRL of ${formatName(certificate.issuer)}` };
}

function unknown(from: CandidateCrl, code: FailureCode, message: string): Finding {
  return { state: 'unknown', from, failure: { code, message } };
}

function unknownAt(at: number, why: string): VerifyError {
  return new VerifyError('REVOCATION_AT_UNKNOWN', `at ${iso(at)} no CRL at hand was current: ${why}`);
}

function unsupported(what: string): VerifyError {
  return new VerifyError('UNSUPPORTED_FEATURE', `${what} are not understood yet`);
}

function outOfScope(what: string): VerifyError {
  return new VerifyError('CRL_SCOPE', `the CRL is for ${what}`);
}

function compareNumbers(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  return (a ?? -1n) < (b ?? -1n) ? -1 : 1;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
