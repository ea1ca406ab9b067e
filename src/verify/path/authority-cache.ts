import type { Certificate } from '../../x509/certificate.js';
import type { Profile } from '../profiles.js';
import type { CertificationPath } from '../certification-path.js';
import type { ValidationInputs, Authorities } from './path-state.js';

/** The result of §6.1 above a leaf, and everything that it depends on. */
interface KnownAuthorities {
  readonly authorities: Authorities;
  /** The certificates of the path; the leaf at 0 is not looked at. */
  readonly certificates: readonly Certificate[];
  readonly anchor: CertificationPath['anchor'];
  readonly profile: Profile;
  /** The requested purpose, if the profile bounds the purposes below a CA. */
  readonly purpose: string | undefined;
  readonly flags: number;
  /** ms: all of these certificates are valid from the one to the other, both included. */
  readonly from: number;
  readonly until: number;
}

/** Different paths, purposes and inputs above one issuer; the oldest gives way. */
const MAX_KNOWN = 8;

/**
 * Under the certificate that issued the leaves, by identity: a CA's certificate is the same object for as long as a
 * thread remembers it, and what is known of it ends with it.
 */
const knownBelow = new WeakMap<Certificate, KnownAuthorities[]>();

/**
 * The outcome of the steps above the leaf when just they were taken before, with the same inputs, and held. What they
 * cost the budget then is not charged again, as with a CA's signature.
 */
export function cachedAuthorities(
  path: CertificationPath,
  inputs: ValidationInputs,
): Authorities | undefined {
  const candidates = knownBelow.get(issuerOfLeaf(path));
  if (candidates === undefined) return undefined;
  for (const known of candidates) if (fits(known, path, inputs)) return known.authorities;
  return undefined;
}

/** To be called when all steps of the path above the leaf have succeeded. */
export function cacheAuthorities(
  path: CertificationPath,
  inputs: ValidationInputs,
  authorities: Authorities,
): void {
  const issuer = issuerOfLeaf(path);
  const known = knownBelow.get(issuer) ?? [];
  if (known.length >= MAX_KNOWN) known.shift();
  known.push({ authorities, ...scopeOf(path, inputs), ...validityOf(path, inputs.profile) });
  knownBelow.set(issuer, known);
}

function fits(
  known: KnownAuthorities,
  { certificates, anchor }: CertificationPath,
  inputs: ValidationInputs,
): boolean {
  if (known.from > inputs.time || known.until < inputs.time || known.profile !== inputs.profile) return false;
  if (known.anchor.certificate !== anchor.certificate || known.anchor.subject !== anchor.subject)
    return false;
  if (known.flags !== flagsOf(inputs) || known.purpose !== purposeOf(inputs)) return false;
  if (known.certificates.length !== certificates.length) return false;
  for (let index = 1; index < certificates.length; index++) {
    if (known.certificates[index] !== certificates[index]) return false;
  }
  return true;
}

function scopeOf(
  { certificates, anchor }: CertificationPath,
  inputs: ValidationInputs,
): Omit<KnownAuthorities, 'authorities' | 'from' | 'until'> {
  const [leaf, ...above] = certificates;
  // The leaf's own place is filled with what is kept anyway.
  const kept = leaf === undefined ? [] : [anchor.certificate, ...above];
  return {
    certificates: kept,
    anchor,
    profile: inputs.profile,
    purpose: purposeOf(inputs),
    flags: flagsOf(inputs),
  };
}

/** §6.1.3 (a)(2), of all but the leaf. */
function validityOf(
  { certificates, anchor }: CertificationPath,
  { rules }: Profile,
): Pick<KnownAuthorities, 'from' | 'until'> {
  const dated = certificates.slice(1);
  if (rules.has('anchor-as-certificate')) dated.push(anchor.certificate);
  return {
    from: Math.max(...dated.map(({ notBefore }) => notBefore)),
    until: Math.min(...dated.map(({ notAfter }) => notAfter)),
  };
}

/** Among the steps of CAs only those of `eku-nesting` depend on the purpose. */
function purposeOf({ purpose, profile }: ValidationInputs): string | undefined {
  return profile.rules.has('eku-nesting') ? purpose : undefined;
}

/** §6.1.1 (e), §6.1.1 (f), §6.1.1 (g); the initial policies are asked for only in the end. */
function flagsOf({ policy }: ValidationInputs): number {
  return (
    (policy.explicit === true ? 1 : 0) |
    (policy.inhibitMapping === true ? 2 : 0) |
    (policy.inhibitAny === true ? 4 : 0)
  );
}

function issuerOfLeaf({ certificates, anchor }: CertificationPath): Certificate {
  return certificates[1] ?? anchor.certificate;
}
