import { spkiId } from '../../verify/keys/ca-key.js';
import { isIssued } from '../../verify/revocation/crl-freshness.js';
import type { WantedCrl } from '../../wire/crl.js';
import { DerReader } from '../../x509/der.js';
import { readName } from '../../x509/name.js';
import type { CrlSource, SignedCrl, CandidateCrl } from '../../verify/crl-source.js';

export interface NewestCrl extends Pick<SignedCrl, 'thisUpdate' | 'nextUpdate' | 'number'> {
  /** Nothing of it is missing that is to be kept. */
  readonly isWhole: boolean;
  /** Which CRLs of its time and number there are, itself first: see `contentOf`. */
  readonly contents: readonly string[];
}

/** The origin of the wanted CRL: one of these URLs, or the CRL that was noted with one of them. */
export interface Whence {
  readonly urls: readonly string[];
  /** See `UrlRecord`. */
  readonly key?: string | undefined;
}

/** The stored CRLs for a want. */
export class StoredCrls {
  readonly #source: CrlSource;
  readonly #keepsDer: boolean;
  readonly #now: () => number;

  /**
   * @param keepsDer the CRLs' own bytes are to be kept, not only their index
   * @param now ms since 1970
   */
  constructor(source: CrlSource, keepsDer: boolean, now: () => number = Date.now) {
    this.#source = source;
    this.#keepsDer = keepsDer;
    this.#now = now;
  }

  /** CRLs that were stored meanwhile are found from now on. */
  renew(): void {
    this.#source.renew?.();
  }

  /**
   * The newest CRL of the wanted issuer, kind and signers, of those from there. One that was issued at a time to come
   * counts for nothing yet.
   */
  newest({ issuer, isDelta, signers, source: configured }: WantedCrl, from?: Whence): NewestCrl | undefined {
    const name = readName(new DerReader(issuer), 'issuer');
    const ids = new Set(signers.map((spki) => spkiId(spki)));
    let newest: SignedCrl | undefined;
    const fitting: SignedCrl[] = [];
    const now = this.#now();
    for (const candidate of this.#source.find(name)) {
      const { crl } = candidate;
      if (!isIssued(crl.thisUpdate, { now })) continue;
      const isOfUrl = from === undefined || isFrom(candidate, from);
      // A configured URL may have either.
      const isOfKind = configured !== undefined || crl.isDelta === isDelta;
      const fits = isOfUrl && isOfKind && 'signerId' in crl && ids.has(crl.signerId);
      if (fits) fitting.push(crl);
      if (fits && (newest === undefined || crl.thisUpdate > newest.thisUpdate)) newest = crl;
    }
    if (newest === undefined) return undefined;
    const { thisUpdate, nextUpdate, number } = newest;
    const isWhole = !this.#keepsDer || ('hasDer' in newest && newest.hasDer === true);
    const alike = fitting.filter(
      (crl) => crl.thisUpdate === thisUpdate && crl.number === number && crl !== newest,
    );
    const contents = [newest, ...alike].flatMap((crl) => ('content' in crl ? String(crl.content) : []));
    return { thisUpdate, nextUpdate, number, isWhole, contents };
  }
}

function isFrom(candidate: CandidateCrl, { urls, key }: Whence): boolean {
  const own = 'key' in candidate ? candidate.key : undefined;
  return urls.includes(candidate.source) || (key !== undefined && own === key);
}
