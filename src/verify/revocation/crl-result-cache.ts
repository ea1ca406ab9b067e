import type { Certificate } from '../../x509/certificate.js';
import type { CaKey } from '../keys/ca-key.js';
import { isIssued } from './crl-freshness.js';
import type { Rule } from '../profiles.js';
import type { Issuer, RevocationInputs } from './revocation-inputs.js';
import type { CandidateCrl } from '../crl-source.js';

/** A CRL does not list the certificate, and it counts. */
export interface NotRevoked {
  readonly state: 'clear';
  readonly reasons: number;
  readonly until: number;
  /** Signed with the key that issued the certificate. */
  readonly isByIssuer: boolean;
}

/** The result of a CRL for unlisted certificates of its issuer, and what that depends on. */
interface KnownClearance {
  readonly clearance: NotRevoked;
  readonly issuer: Certificate;
  readonly key: CaKey;
  readonly rules: ReadonlySet<Rule>;
  readonly grace: number;
  readonly maxAge: number | null;
}

/** A stored CRL is the same object until a newer one takes its place. */
const known = new WeakMap<CandidateCrl, KnownClearance>();

/**
 * The clearance by the only CRL there is, when it was found sound before for another certificate of this issuer: for
 * now, not for a past instant. Whether it lists the certificate in question is still to be asked.
 */
export function cachedNotRevoked(
  candidate: CandidateCrl,
  issuer: Issuer,
  inputs: RevocationInputs,
): NotRevoked | undefined {
  const found = known.get(candidate);
  if (found === undefined || inputs.at !== undefined) return undefined;
  const isSame =
    found.issuer === issuer.certificate &&
    found.key === issuer.key &&
    found.rules === inputs.signing.validation.profile.rules &&
    found.grace === inputs.grace &&
    found.maxAge === inputs.maxAge;
  const { clearance } = found;
  return isSame && inputs.now < clearance.until && isIssued(candidate.crl.thisUpdate, inputs)
    ? clearance
    : undefined;
}

/**
 * To be called for a clearance by the issuer's own CRL, if no other is available. A CRL with a narrower scope (§5.2.5)
 * is not kept.
 */
export function cacheNotRevoked(
  candidate: CandidateCrl,
  issuer: Issuer,
  inputs: RevocationInputs,
  clearance: NotRevoked,
): void {
  const { at, grace, maxAge, given, signing } = inputs;
  if (at !== undefined || given.length > 0 || !clearance.isByIssuer) return;
  if (candidate.crl.issuingDistributionPoint !== undefined) return;
  const { rules } = signing.validation.profile;
  known.set(candidate, { clearance, issuer: issuer.certificate, key: issuer.key, rules, grace, maxAge });
}
