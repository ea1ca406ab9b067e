import type { Certificate } from '../x509/certificate.js';
import type { Name } from '../x509/name.js';
import { tailHash } from './keys/tail-hash.js';

/**
 * A trust anchor as §6.1.1 (d) has it: a name and a key. The certificate that brings
 * them is kept beside them, for its fingerprint and for the profiles that check it as a certificate; its own signature
 * is never asked for (RFC 6818 §4).
 */
export interface TrustAnchor {
  readonly subject: Name;
  readonly certificate: Certificate;
}

const NONE: readonly TrustAnchor[] = [];

/** The trust anchors of a profile (or of a request), by name. */
export class TrustStore {
  readonly #anchors = new Map<string, TrustAnchor[]>();
  readonly #fingerprints = new Set<string>();
  /** A cheap key that distinguishes nearly all certificates without computing fingerprints. */
  readonly #tails = new Set<number>();

  constructor(certificates: Iterable<Certificate>) {
    for (const certificate of certificates) {
      if (this.has(certificate)) continue;
      this.#fingerprints.add(certificate.fingerprint);
      this.#tails.add(tailHash(certificate.der));
      const { subject } = certificate;
      const named = this.#anchors.get(subject.key);
      const anchor = { subject, certificate };
      if (named === undefined) this.#anchors.set(subject.key, [anchor]);
      else named.push(anchor);
    }
  }

  named(name: Name): readonly TrustAnchor[] {
    return this.#anchors.get(name.key) ?? NONE;
  }

  /** The names of all of them. */
  names(): readonly Name[] {
    return [...this.#anchors.values()].flatMap((anchors) => anchors.map(({ subject }) => subject));
  }

  /** Is this very certificate an anchor? */
  has(certificate: Certificate): boolean {
    return this.#tails.has(tailHash(certificate.der)) && this.#fingerprints.has(certificate.fingerprint);
  }
}
