import type { Crl } from '../x509/crl.js';
import type { Name } from '../x509/name.js';
import type { CrlSource, CandidateCrl } from '../verify/crl-source.js';

/** Octets from which a file of the folder is large. */
export const LARGE_FILE = 256 * 1024;

/** The host's store as the folder sees it. */
export interface LargeCrlKeeper extends Pick<CrlSource, 'find'> {
  /** The keys that may have signed CRLs of this issuer, by the configuration: SubjectPublicKeyInfo, DER. */
  signersOf(issuer: Name): readonly Uint8Array[];
  /** Asks for the CRL of a file to be taken into the store; one of these has signed it. */
  take(path: string, signers: readonly Uint8Array[]): void;
}

/** Between two requests to take the same file in, and how long the CRL before it serves meanwhile, ms. */
const STORE_TIMEOUT_MS = 30_000;
const NONE: readonly CandidateCrl[] = [];

/**
 * A large file of the folder. Its header is held until the store has its CRL, and then nothing. A CRL that the store
 * does not have, because its signer is not known yet or because a newer one is stored, is held in memory once CRLs of
 * its issuer are asked for.
 */
export class LargeCrl {
  readonly path: string;
  readonly #header: Crl;
  readonly #seenAt: number;
  readonly #keeper: LargeCrlKeeper;
  readonly #load: () => readonly CandidateCrl[];
  #signers: readonly Uint8Array[];
  #askedAt = -Infinity;
  #held: readonly CandidateCrl[] | undefined;

  /**
   * @param header the CRL without its list
   * @param before the file before it changed; the signer of that CRL may have signed this one
   */
  constructor(
    path: string,
    header: Crl,
    {
      keeper,
      load,
      now,
      before,
    }: {
      readonly keeper: LargeCrlKeeper;
      readonly load: () => readonly CandidateCrl[];
      readonly now: number;
      readonly before: LargeCrl | undefined;
    },
  ) {
    this.path = path;
    this.#header = header;
    this.#seenAt = now;
    this.#keeper = keeper;
    this.#load = load;
    const known = before?.issuer.key === header.issuer.key ? before.#signers : [];
    this.#signers = distinct([...keeper.signersOf(header.issuer), ...known]);
  }

  get issuer(): Name {
    return this.#header.issuer;
  }

  /** CRLs of this issuer that the store does not have. */
  candidates(now: number): readonly CandidateCrl[] {
    const stored = this.offer(now);
    if (stored === 'this') {
      this.#held = undefined;
      return NONE;
    }
    const isAwaited =
      this.#signers.length > 0 && now >= this.#seenAt && now - this.#seenAt < STORE_TIMEOUT_MS;
    if (stored === 'another' && isAwaited) return NONE;
    return (this.#held ??= this.#load());
  }

  /** Asks for it to be taken in, unless it is there; what the store has of this file. */
  offer(now: number): 'this' | 'another' | 'nothing' {
    const stored = this.#keeper.find(this.issuer).filter(({ source }) => source === this.path);
    const { signature } = this.#header;
    if (stored.some(({ crl }) => Buffer.compare(crl.signature, signature) === 0)) return 'this';
    const isDue = now - this.#askedAt >= STORE_TIMEOUT_MS || now < this.#askedAt;
    if (isDue && this.#signers.length > 0) {
      this.#askedAt = now;
      this.#keeper.take(this.path, this.#signers);
    }
    return stored.length > 0 ? 'another' : 'nothing';
  }

  /** A verdict rested on it: one of these has signed it. */
  signedBy(signers: readonly Uint8Array[], now: number): void {
    const known = distinct([...this.#signers, ...signers]);
    if (known.length === this.#signers.length) return;
    this.#signers = known;
    this.#askedAt = -Infinity;
    this.offer(now);
  }
}

function distinct(keys: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(keys.map((spki) => [Buffer.from(spki).toString('latin1'), spki])).values()];
}
