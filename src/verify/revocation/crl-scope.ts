import type { Certificate } from '../../x509/certificate.js';
import type { CrlFacts } from '../../x509/crl.js';
import type { IssuingDistributionPoint } from '../../x509/extensions.js';
import { formatName } from '../../x509/name.js';
import type { Budget } from '../budget.js';
import { ALL_REASONS, dnKey, type Point, pointsOf, scopeNames } from './distribution-points.js';
import { VerifyError } from '../failure.js';

/**
 * §6.3.3 (b) and (d): the reasons for which the CRL speaks of the certificate, over all distribution points that
 * it corresponds to; `unclear` where there is none, and names of the two cannot be compared. Throws CRL_SCOPE when
 * there is none for certain, and BUDGET_EXCEEDED.
 *
 * @param isOwn the CRL's issuer is the certificate's
 */
export function coveredReasons(
  crl: CrlFacts,
  isOwn: boolean,
  certificate: Certificate,
  budget: Budget,
): number | 'unclear' {
  const scope = crl.issuingDistributionPoint;
  // The point that is assumed for the certificate's own issuer takes every such CRL.
  if (scope === undefined && isOwn) return ALL_REASONS;
  if (scope !== undefined) checkKind(scope, certificate);
  const scoped = scopeNames(crl, budget);
  const points = pointsOf(certificate, budget);
  // A handful costs nothing worth counting.
  budget.spendSteps(points.size >> 6);
  let reasons = 0;
  for (const point of points.all) {
    if (isIssuerOf(point, crl, isOwn) && isNamed(point, scoped?.keys)) reasons |= point.reasons;
  }
  const covered = reasons & (scope?.onlySomeReasons ?? ALL_REASONS); // §6.3.3 (d)(1) to (4)
  if (covered !== 0) return covered;
  if (!crl.issuer.isComparable || !points.areComparable || scoped?.areComparable === false) return 'unclear';
  throw outOfScope('for another distribution point or issuer than those of the certificate');
}

/** §6.3.3 (b)(1) */
function isIssuerOf({ issuers }: Point, crl: CrlFacts, isOwn: boolean): boolean {
  if (issuers === undefined) return isOwn;
  return crl.issuingDistributionPoint?.indirectCrl === true && issuers.has(dnKey(crl.issuer));
}

/** §6.3.3 (b)(2)(i): one of the names in both. The smaller set is walked, so that many points and many names stay cheap. */
function isNamed({ names, issuers }: Point, scope: ReadonlySet<string> | undefined): boolean {
  if (scope === undefined) return true;
  const wanted = names ?? issuers;
  if (wanted === undefined) return false;
  const [few, many] = scope.size < wanted.size ? [scope, wanted] : [wanted, scope];
  for (const name of few) if (many.has(name)) return true;
  return false;
}

/** §6.3.3 (b)(2)(ii) to (iv) */
function checkKind(scope: IssuingDistributionPoint, certificate: Certificate): void {
  const isCa = certificate.basicConstraints?.ca === true;
  if (scope.onlyContainsUserCerts && isCa) throw outOfScope('for user certificates only');
  if (scope.onlyContainsCaCerts && !isCa) throw outOfScope('for CA certificates only');
  if (scope.onlyContainsAttributeCerts) throw outOfScope('for attribute certificates only');
}

/** §5.3.3: entries name their certificate's issuer only in a CRL that says it is indirect. */
export function checkIndirection(
  crl: Pick<CrlFacts, 'hasCertificateIssuer' | 'issuer' | 'issuingDistributionPoint'>,
): void {
  if (!crl.hasCertificateIssuer || crl.issuingDistributionPoint?.indirectCrl === true) return;
  throw new VerifyError(
    'CRL_MALFORMED',
    `the CRL of ${formatName(crl.issuer)} lists certificates of other issuers and is not an indirect CRL`,
    '5.3.3',
  );
}

function outOfScope(what: string): VerifyError {
  return new VerifyError('CRL_SCOPE', `the CRL is ${what}`);
}
