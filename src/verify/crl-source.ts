import type { Name } from '../x509/name.js';
import type { CrlFacts, Crl } from '../x509/crl.js';

/** The source of stored CRLs: a folder, or the host's store. */
export interface CrlSource {
  /** To be called before a request is verified again: CRLs that were stored meanwhile are found from now on. */
  renew?(): void;
  /** The CRLs whose issuer has this name, in any order. */
  find(issuer: Name): readonly CandidateCrl[];
}

/** A CRL of which an index is left: its signature was checked and every entry parsed when it was taken in. */
export interface IndexedCrl extends CrlFacts {
  /** `CaKey.id` of the key that signed it. Whether that key may is asked at each use, as of any CRL. */
  readonly signerId: string;
  /**
   * Others of its scope, which cannot be ordered with it, were not kept: what they listed is not known, so it says of no
   * certificate that it is good.
   */
  readonly isDisputed?: boolean;
}

export type SignedCrl = Crl | IndexedCrl;

export interface CandidateCrl {
  readonly crl: SignedCrl;
  /** For people: a file's name, or `request`. */
  readonly source: string;
}
