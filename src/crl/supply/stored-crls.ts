import { spkiId } from '../../verify/ca-key.js';
import type { CrlSource, SignedCrl } from '../../verify/revocation-inputs.js';
import type { WantedCrl } from '../../wire/crl.js';
import { DerReader } from '../../x509/der.js';
import { readName } from '../../x509/name.js';

export interface NewestCrl extends Pick<SignedCrl, 'thisUpdate' | 'nextUpdate' | 'number'> {
  /** Nothing of it is missing that is to be kept. */
  readonly isWhole: boolean;
}

/** What the store has for a want. */
export class StoredCrls {
  readonly #source: CrlSource;
  readonly #keepsDer: boolean;

  /** @param keepsDer the CRLs' own bytes are to be kept, not only their index */
  constructor(source: CrlSource, keepsDer: boolean) {
    this.#source = source;
    this.#keepsDer = keepsDer;
  }

  /** What was stored meanwhile is found from here on. */
  renew(): void {
    this.#source.renew?.();
  }

  /** The newest CRL of the wanted issuer, kind and signers; from one of these URLs, where they are given. */
  newest(
    { issuer, isDelta, signers, source: configured }: WantedCrl,
    urls?: readonly string[],
  ): NewestCrl | undefined {
    const name = readName(new DerReader(issuer), 'issuer');
    const ids = new Set(signers.map((spki) => spkiId(spki)));
    let newest: SignedCrl | undefined;
    for (const { crl, source } of this.#source.find(name)) {
      const isOfUrl = urls === undefined || urls.includes(source);
      // What lies at a configured place may be either.
      const isOfKind = configured !== undefined || crl.isDelta === isDelta;
      const fits = isOfUrl && isOfKind && 'signerId' in crl && ids.has(crl.signerId);
      if (fits && (newest === undefined || crl.thisUpdate > newest.thisUpdate)) newest = crl;
    }
    if (newest === undefined) return undefined;
    const { thisUpdate, nextUpdate, number } = newest;
    const isWhole = !this.#keepsDer || ('hasDer' in newest && newest.hasDer === true);
    return { thisUpdate, nextUpdate, number, isWhole };
  }
}
