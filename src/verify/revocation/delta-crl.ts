import type { CrlFacts } from '../../x509/crl.js';
import { OID } from '../../x509/oid.js';
import { sameName } from '../../x509/name.js';
import type { CaKey } from '../keys/ca-key.js';
import { checkCriticalEntryExtensions, checkCriticalExtensions } from './crl-extensions.js';
import { checkIssued, isLater } from './crl-freshness.js';
import { isNewer } from './crl-order.js';
import { checkIndirection } from './crl-scope.js';
import { passableFailure } from '../failure.js';
import type { RevocationInputs } from './revocation-inputs.js';
import type { SignedCrl, CandidateCrl } from '../crl-source.js';

/**
 * The newest delta CRL that updates the complete one, if any, and those beside it that cannot be ordered: §5.2.4 and
 * §6.3.3 (c), signed with the complete CRL's own key, (h). Whether they are still current is the caller's question. Throws
 * BUDGET_EXCEEDED.
 *
 * @param offered newest first
 */
export function deltasOf(
  base: CrlFacts,
  key: CaKey,
  offered: readonly CandidateCrl[],
  inputs: RevocationInputs,
): readonly CandidateCrl[] {
  inputs.signing.validation.budget.spendSteps(offered.length >> 5);
  const newest: CandidateCrl[] = [];
  for (const candidate of offered) {
    const { crl } = candidate;
    if (!crl.isDelta || isLater(crl, inputs) || !updates(crl, base)) continue;
    if (newest.some((other) => isNewer(other.crl, crl)) || !isSound(crl, key, inputs)) continue;
    newest.push(candidate);
  }
  return newest;
}

function updates(delta: CrlFacts, base: CrlFacts): boolean {
  if (base.number === null || delta.number === null || delta.baseNumber === null) return false;
  return (
    base.number >= delta.baseNumber && // §5.2.4 (c)
    base.number < delta.number && // §5.2.4 (d)
    sameName(delta.issuer, base.issuer) && // §6.3.3 (c)(1)
    isSameExtension(delta, base, OID.issuingDistributionPoint) && // §6.3.3 (c)(2)
    isSameExtension(delta, base, OID.authorityKeyIdentifier) // §6.3.3 (c)(3)
  );
}

/** Absent from both, or with the same octets in both: what DER makes of equal values. */
function isSameExtension(a: CrlFacts, b: CrlFacts, oid: string): boolean {
  const [mine, other] = [a, b].map((crl) => crl.extensions.find((extension) => extension.oid === oid)?.value);
  if (mine === undefined || other === undefined) return mine === other;
  return Buffer.compare(mine, other) === 0;
}

/** The checks of any CRL, and (h). A delta that fails is ignored. */
function isSound(delta: SignedCrl, key: CaKey, inputs: RevocationInputs): boolean {
  try {
    checkCriticalExtensions(delta);
    checkIssued(delta, inputs);
    if (!inputs.signatures.isCrlSignedBy(delta, key)) return false;
    checkCriticalEntryExtensions(delta);
    checkIndirection(delta);
    return true;
  } catch (error) {
    passableFailure(error);
    return false;
  }
}
