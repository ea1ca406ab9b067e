import type { WantedCrl } from '../wire/crl.js';
import type { Certificate } from '../x509/certificate.js';
import type { DistributionPoint } from '../x509/extensions.js';
import { type Name, sameName } from '../x509/name.js';
import { isCurrent } from './crl-freshness.js';
import type { CandidateCrl, Issuer, RevocationInputs } from './revocation-inputs.js';

/** Keys of one name that may have signed a CRL of it. */
const MAX_SIGNERS = 8;
/** No honest certificate has more points, nor a point more URIs. */
const MAX_POINTS = 16;
const MAX_URIS = 8;

/**
 * The CRLs that the certificate's distribution points (§4.2.1.13) promise, in their order; without any, its issuer's
 * own, wherever that may lie. Those that nobody at hand can have signed are left out: they could not be checked.
 */
export function wantedFor(certificate: Certificate, issuer: Issuer, inputs: RevocationInputs): WantedCrl[] {
  const points = certificate.crlDistributionPoints ?? [{}];
  return points
    .slice(0, MAX_POINTS)
    .flatMap((point) => wantedAt(point, certificate.issuer, issuer, inputs, false));
}

/** The delta CRLs that the certificate, or else the CRL found for it, points to (§4.2.1.15, §5.2.6). */
export function deltasFor(
  certificate: Certificate,
  issuer: Issuer,
  { crl }: CandidateCrl,
  inputs: RevocationInputs,
): WantedCrl[] {
  const points = certificate.freshestCrl ?? crl.freshestCrl;
  if (points === undefined) return [];
  return points.slice(0, MAX_POINTS).flatMap((point) => wantedAt(point, crl.issuer, issuer, inputs, true));
}

/** Is a delta CRL of the same issuer at hand that is current? */
export function hasDelta({ crl }: CandidateCrl, inputs: RevocationInputs): boolean {
  return inputs.stored.find(crl.issuer).some(({ crl: other }) => other.isDelta && isCurrent(other, inputs));
}

function wantedAt(
  { name, crlIssuer }: DistributionPoint,
  ownIssuer: Name,
  issuer: Issuer,
  inputs: RevocationInputs,
  isDelta: boolean,
): WantedCrl[] {
  const names = name?.kind === 'fullName' ? name.names : [];
  const uris = names.flatMap((each) => (each.kind === 'uri' ? [each.value] : [])).slice(0, MAX_URIS);
  const issuers = crlIssuer?.flatMap((each) => (each.kind === 'dn' ? [each.name] : [])) ?? [ownIssuer];
  return issuers.flatMap((crlName) => {
    const signers = signersOf(crlName, issuer, inputs);
    return signers.length === 0 ? [] : [{ issuer: crlName.der, uris, isDelta, signers }];
  });
}

/** §6.3.3 (f): the certificate's issuer, and whoever else at hand has the CRL issuer's name. */
function signersOf(crlIssuer: Name, issuer: Issuer, { signing }: RevocationInputs): Uint8Array[] {
  const holders = [issuer, signing.anchor, ...signing.pool].map(({ certificate }) => certificate);
  const keys = new Map<string, Uint8Array>();
  for (const { subject, spki } of holders) {
    if (keys.size >= MAX_SIGNERS) break;
    if (sameName(subject, crlIssuer)) keys.set(Buffer.from(spki).toString('latin1'), spki);
  }
  return [...keys.values()];
}
