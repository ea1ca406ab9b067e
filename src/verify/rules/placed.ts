import type { Certificate } from '../../x509/certificate.js';
import { sameName } from '../../x509/name.js';

/** A certificate in its place on a path: what a profile's rules look at. */
export interface Placed {
  readonly certificate: Certificate;
  readonly role: 'leaf' | 'intermediate' | 'anchor';
  /** The certificate above it; for an anchor, itself if it is self-issued, otherwise unknown. */
  readonly issuer: Certificate | undefined;
}

/** Does it issue certificates here, or say that it may (§4.2.1.9)? */
export function isAuthority({ certificate, role }: Placed): boolean {
  return role !== 'leaf' || certificate.basicConstraints?.ca === true;
}

export function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return sameName(subject, issuer);
}

/** `undefined` when the certificate has no such extension. */
export function isCritical({ extensions }: Certificate, oid: string): boolean | undefined {
  return extensions.find((extension) => extension.oid === oid)?.critical;
}
