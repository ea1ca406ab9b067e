import type { Certificate } from '../x509/certificate.js';
import type { Name } from '../x509/name.js';
import { BoundedMap } from './bounded-map.js';

/**
 * A trust anchor as §6.1.1 (d) has it: a name and a key. The certificate they came in is kept beside them, for
 * its fingerprint and for the profiles that check it as a certificate.
 */
export interface TrustAnchor {
  readonly subject: Name;
  readonly certificate: Certificate;
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
  readonly #spellings = new BoundedMap<string, readonly TrustAnchor[]>(MAX_SPELLINGS);

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
    const spelling = latin1(name.der);
    const known = this.#spellings.get(spelling);
    if (known !== undefined) return known;
    const found = this.#anchors.get(name.key) ?? NONE;
    if (spelling.length <= MAX_SPELLING) this.#spellings.set(spelling, found);
    return found;
  }

  /** Is this very certificate an anchor? */
  has(certificate: Certificate): boolean {
    return this.#fingerprints.has(certificate.fingerprint);
  }
}

function latin1(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('latin1');
}
