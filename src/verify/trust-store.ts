import type { Certificate } from '../x509/certificate.js';
import type { Name } from '../x509/name.js';
import { BoundedMap } from './bounded-map.js';
import { tailHash } from './tail-hash.js';

/**
 * A trust anchor as §6.1.1 (d) has it: a name and a key. The certificate that brings
 * them is kept beside them, for its fingerprint and for the profiles that check it as a certificate; its own signature
 * is never asked for (RFC 6818 §4).
 */
export interface TrustAnchor {
  readonly subject: Name;
  readonly certificate: Certificate;
}

/** A name as somebody wrote it, and whose it is. */
interface Spelling {
  readonly der: Uint8Array;
  readonly anchors: readonly TrustAnchor[];
}

const NONE: readonly TrustAnchor[] = [];
const MAX_SPELLINGS = 4096;
/** Bytes; longer names are nobody's real ones and are looked up the slow way. */
const MAX_SPELLING = 1024;

/** The trust anchors of a profile (or of a request), by name. */
export class TrustStore {
  readonly #anchors = new Map<string, TrustAnchor[]>();
  readonly #fingerprints = new Set<string>();
  /** Look-ups by a name's very bytes: computing its comparison key costs more than the rest of the look-up. */
  readonly #spellings = new BoundedMap<number, Spelling>(MAX_SPELLINGS);

  constructor(certificates: Iterable<Certificate>) {
    for (const certificate of certificates) {
      if (this.has(certificate)) continue;
      this.#fingerprints.add(certificate.fingerprint);
      const { subject } = certificate;
      const named = this.#anchors.get(subject.key);
      const anchor = { subject, certificate };
      if (named === undefined) this.#anchors.set(subject.key, [anchor]);
      else named.push(anchor);
    }
  }

  named(name: Name): readonly TrustAnchor[] {
    const { der } = name;
    const hash = tailHash(der);
    const known = this.#spellings.get(hash);
    if (known !== undefined && Buffer.compare(known.der, der) === 0) return known.anchors;
    const found = this.#anchors.get(name.key) ?? NONE;
    // A copy: a view would keep the request's whole buffer.
    if (der.length <= MAX_SPELLING) this.#spellings.set(hash, { der: Uint8Array.from(der), anchors: found });
    return found;
  }

  /** Is this very certificate an anchor? */
  has(certificate: Certificate): boolean {
    return this.#fingerprints.has(certificate.fingerprint);
  }
}
