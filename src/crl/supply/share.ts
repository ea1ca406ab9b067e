import type { Mark } from '../store/notes/marks.js';

/** A CRL that another host got, by what it says of it. */
export interface SharedCrl extends Mark {
  /** Distinguishes CRLs of the same time and number: see `contentOf`; `null` if it is not known. */
  readonly content: string | null;
  /** ms */
  readonly nextUpdate: number | null;
  /** When its server gave it, or said that it was still the newest; ms by this host's clock. */
  readonly answeredAt: number;
  /** The key of its bytes; `null` if they are not there. */
  readonly body: { readonly id: string; readonly size: number } | null;
}

/** The published description of a CRL that was verified here. */
export type PublishedCrl = Pick<SharedCrl, 'thisUpdate' | 'number' | 'nextUpdate' | 'content'>;

/**
 * What hosts share. Nothing here rejects and nothing is trusted: a failure counts as an empty share, and CRLs from it
 * are verified like any other.
 */
export interface Share {
  look(url: string): Promise<SharedCrl | undefined>;
  /** Its bytes, in memory of their own; `undefined` too when they have not come by `end` of `performance.now`. */
  read(crl: SharedCrl, end: number): Promise<Uint8Array | undefined>;
  /** Whether this host should fetch the URL. True if that is not known. */
  acquireLease(url: string): Promise<boolean>;
  releaseLease(url: string): Promise<void>;
  /** Stages bytes, which others do not see before they are published; returns their key, if that was possible. */
  stage(der: Uint8Array): Promise<string | undefined>;
  /** Tells the others what the URL's server has now, with what was staged. */
  publish(
    url: string,
    crl: PublishedCrl,
    staged?: { readonly id: string; readonly size: number },
  ): Promise<void>;
  discard(id: string): Promise<void>;
  /** For statistics: what came of a look. */
  count(what: 'hit' | 'miss' | 'refused'): void;
}
