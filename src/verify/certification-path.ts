import type { Certificate } from '../x509/certificate.js';
import type { TrustAnchor } from './trust-store.js';

/** A chain of names and signatures from the leaf to an anchor; what else §6.1 wants is the validator's. */
export interface CertificationPath {
  /** Leaf first; the anchor is not among them. §6.1.1 (a) */
  readonly certificates: readonly Certificate[];
  readonly anchor: TrustAnchor;
}
