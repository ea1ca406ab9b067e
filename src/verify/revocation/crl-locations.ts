import type { WantedCrl } from '../../wire/crl.js';
import type { Certificate } from '../../x509/certificate.js';
import type { DistributionPoint } from '../../x509/extensions.js';
import type { Name } from '../../x509/name.js';
import { isCurrent } from './crl-freshness.js';
import { type CrlSigningKeys, MAX_SIGNERS } from './crl-signing-keys.js';
import type { Issuer, RevocationInputs } from './revocation-inputs.js';
import type { CandidateCrl } from '../crl-source.js';

/** CRLs that one certificate may lead to, and addresses of each: no honest one has more. */
const MAX_CRLS = 32;
const MAX_URIS = 32;

/** The CRLs that a certificate, or a CRL, points to. */
export interface WantedCrls {
  readonly crls: readonly WantedCrl[];
  /** CRLs beyond a limit, with their URLs; they are not fetched. */
  readonly omitted: readonly Omitted[];
}

export interface Omitted {
  readonly urls: readonly string[];
  /** Names the bound. */
  readonly why: string;
}

const NONE: WantedCrls = { crls: [], omitted: [] };

/**
 * The CRLs of the certificate's distribution points (§4.2.1.13), in their order; without any, its issuer's own CRL,
 * whose location is not known. CRLs that no available key can have signed are left out: they could not be checked.
 * Throws BUDGET_EXCEEDED.
 */
export function wantedFor(
  certificate: Certificate,
  issuer: Issuer,
  inputs: RevocationInputs,
  signing: CrlSigningKeys,
): WantedCrls {
  const points = certificate.crlDistributionPoints ?? [{}];
  return wantedAt(points, { ownIssuer: certificate.issuer, issuer, inputs, signing, isDelta: false });
}

/** The delta CRLs that the certificate, or else the CRL found for it, points to (§4.2.1.15, §5.2.6). */
export function deltasFor(
  certificate: Certificate,
  issuer: Issuer,
  { crl }: CandidateCrl,
  inputs: RevocationInputs,
  signing: CrlSigningKeys,
): WantedCrls {
  const points = certificate.freshestCrl ?? crl.freshestCrl;
  if (points === undefined) return NONE;
  return wantedAt(points, { ownIssuer: crl.issuer, issuer, inputs, signing, isDelta: true });
}

/** Whether a current delta CRL of the same issuer is available. */
export function hasDelta({ crl }: CandidateCrl, inputs: RevocationInputs): boolean {
  return inputs.stored.find(crl.issuer).some(({ crl: other }) => other.isDelta && isCurrent(other, inputs));
}

interface Pointing {
  /** The issuer of the CRLs at a point without cRLIssuer. */
  readonly ownIssuer: Name;
  readonly issuer: Issuer;
  readonly inputs: RevocationInputs;
  readonly signing: CrlSigningKeys;
  readonly isDelta: boolean;
}

function wantedAt(points: readonly DistributionPoint[], pointing: Pointing): WantedCrls {
  const { ownIssuer, issuer, inputs, signing, isDelta } = pointing;
  const crls: WantedCrl[] = [];
  const omitted: Omitted[] = [];
  inputs.signing.validation.budget.spendSteps(points.length >> 2);
  for (const point of points) {
    const all = urisOf(point);
    const uris = all.slice(0, MAX_URIS);
    inputs.signing.validation.budget.spendSteps(uris.length >> 3);
    if (all.length > uris.length) {
      const urls = all.slice(MAX_URIS);
      omitted.push({ urls, why: `at most ${MAX_URIS} addresses of a distribution point are asked` });
    }
    for (const name of namesOf(point) ?? [ownIssuer]) {
      if (crls.length >= MAX_CRLS) {
        const why = `at most ${MAX_CRLS} CRLs of a certificate are asked for`;
        if (all.length > 0) omitted.push({ urls: all, why });
        break;
      }
      const { keys: signers, isCut } = signing.of(name, issuer, inputs);
      if (isCut)
        omitted.push({ urls: uris, why: `more than ${MAX_SIGNERS} keys may have signed what lies there` });
      const { maxAge } = inputs;
      if (signers.length > 0)
        crls.push({ issuer: name.der, uris, isDelta, signers, ...(maxAge !== null && { maxAge }) });
    }
  }
  return { crls, omitted };
}

function urisOf({ name }: DistributionPoint): string[] {
  if (name?.kind !== 'fullName') return [];
  return name.names.flatMap((each) => (each.kind === 'uri' ? [each.value] : []));
}

function namesOf({ crlIssuer }: DistributionPoint): readonly Name[] | undefined {
  return crlIssuer?.flatMap((each) => (each.kind === 'dn' ? [each.name] : []));
}
