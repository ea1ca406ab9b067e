import type { Mark } from '../store/notes/marks.js';

/** A CRL that another host got, by what it says of it. */
export interface SharedCrl extends Mark {
  /** Which of those of its time and number: see `contentOf`; `null` where nobody says. */
  readonly content: string | null;
  /** ms */
  readonly nextUpdate: number | null;
  /** When its server gave it, or said that it was still the newest; ms by this host's clock. */
  readonly answeredAt: number;
  /** Under which its bytes can be read; `null` where nobody has put them there. */
  readonly body: { readonly id: string; readonly size: number } | null;
}

/** What is published of a CRL that was verified here. */
export type PublishedCrl = Pick<SharedCrl, 'thisUpdate' | 'number' | 'nextUpdate' | 'content'>;

/**
 * What hosts have in common. Nothing here rejects, and nothing is believed: trouble is as good as an empty share, and
 * what comes from it is verified like any other.
 */
export interface Share {
  look(url: string): Promise<SharedCrl | undefined>;
  /** Its bytes, in memory of their own; `undefined` too when they have not come by `end` of `performance.now`. */
  read(crl: SharedCrl, end: number): Promise<Uint8Array | undefined>;
  /** Is fetching this URL left to this host? Where nobody can say, it is. */
  acquireLease(url: string): Promise<boolean>;
  releaseLease(url: string): Promise<void>;
  /** Puts bytes there that nobody finds before they are published; returns under what, if that was possible. */
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
