import type { Certificate } from '../../x509/certificate.js';
import { mayBeSameName, sameName } from '../../x509/name.js';
import { crlIssuersOf } from './distribution-points.js';
import type { Issuer, RevocationInputs } from './revocation-inputs.js';
import type { SignedCrl, CandidateCrl } from '../crl-source.js';

/**
 * §6.3.3 (a). Within the complete ones, and within the deltas: the newest first, on a tie the higher number. The rest
 * of the order decides nothing but what is named as the source. CRLs that carry the certificate's own subject as
 * their issuer come last of all: see `checkCircle`.
 */
export function offeredCrls(
  certificate: Certificate,
  issuer: Issuer,
  inputs: RevocationInputs,
): readonly CandidateCrl[] {
  const { budget } = inputs.signing.validation;
  const issuers = crlIssuersOf(certificate, issuer.certificate.subject, budget);
  const only = issuers[0];
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
      Number(a.crl.isDelta) - Number(b.crl.isDelta) ||
      b.crl.thisUpdate - a.crl.thisUpdate ||
      compareNumbers(b.crl.number, a.crl.number) ||
      compareContent(a.crl, b.crl),
  );
}

/** Makes the order that of the CRLs and not that in which they came; an indexed one goes first. */
function compareContent(a: SignedCrl, b: SignedCrl): number {
  if ('tbs' in a && 'tbs' in b) return Buffer.compare(a.tbs, b.tbs);
  return Number('tbs' in a) - Number('tbs' in b);
}

function compareNumbers(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  return (a ?? -1n) < (b ?? -1n) ? -1 : 1;
}
