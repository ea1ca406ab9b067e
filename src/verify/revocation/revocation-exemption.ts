import type { Certificate } from '../../x509/certificate.js';
import { OID } from '../../x509/oid.js';
import { type Failure, type FailureCode, VerifyError } from '../failure.js';
import { named } from '../named.js';
import type { Rule } from '../profiles.js';

/** What mode `soft` forgives: a certificate without status information, or with stale information only. */
const FORGIVABLE: ReadonlySet<FailureCode> = new Set([
  'CRL_NONE',
  'CRL_STALE',
  'FETCH_FAILED',
  'FETCH_REFUSED',
  'OCSP_STALE',
  'REVOCATION_AT_UNKNOWN',
]);

export function isForgivable({ code }: Failure): boolean {
  return FORGIVABLE.has(code);
}

const DAY = 86_400_000;

/** Baseline Requirements §1.6.1: how long a short-lived certificate may live, by the day from which that holds. */
const SHORT_LIVES = [
  { from: Date.parse('2026-03-15T00:00:00Z'), longest: 7 * DAY },
  { from: Date.parse('2024-03-15T00:00:00Z'), longest: 10 * DAY },
];

/**
 * May the certificate pass without any word on its revocation? A word that there is still counts. Throws
 * PROFILE_RULE for a certificate that contradicts itself.
 */
export function isExempt(certificate: Certificate, isLeaf: boolean, rules: ReadonlySet<Rule>): boolean {
  if (rules.has('no-rev-avail') && certificate.noRevAvail === true) return true;
  if (!isLeaf || certificate.basicConstraints?.ca === true) return false;
  return (
    (rules.has('ocsp-nocheck') && isUncheckedResponder(certificate)) ||
    (rules.has('short-lived') && isShortLived(certificate))
  );
}

/** RFC 9608 §3: a certificate with noRevAvail must not be a CA and must not point to revocation information. */
export function checkNoRevAvail(certificate: Certificate): void {
  if (certificate.noRevAvail === undefined) return;
  const contradiction =
    certificate.basicConstraints?.ca === true
      ? 'is a CA'
      : certificate.crlDistributionPoints !== undefined || certificate.freshestCrl !== undefined
        ? 'points to CRLs'
        : certificate.authorityInfoAccess?.some(({ method }) => method === OID.ocsp) === true
          ? 'points to an OCSP responder'
          : undefined;
  if (contradiction === undefined) return;
  const name = named(certificate);
  throw new VerifyError('PROFILE_RULE', `${name} has noRevAvail and ${contradiction}`, 'RFC 9608 3');
}

/** RFC 6960 §4.2.2.2.1: id-pkix-ocsp-nocheck, which is for OCSP responders. */
export function isUncheckedResponder(certificate: Certificate): boolean {
  return (
    certificate.extendedKeyUsage?.includes(OID.ocspSigning) === true &&
    certificate.extensions.some(({ oid }) => oid === OID.ocspNoCheck)
  );
}

/** The last second counts as part of the life (Baseline Requirements §1.6.1, RFC 5280 §4.1.2.5). */
function isShortLived({ notBefore, notAfter }: Certificate): boolean {
  const era = SHORT_LIVES.find(({ from }) => notBefore >= from);
  return era !== undefined && notAfter - notBefore + 1000 <= era.longest;
}
