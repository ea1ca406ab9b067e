import type { Logger } from '../../log.js';
import { hostOf, type RepeatedWarnings } from '../../repeated-warnings.js';
import { BoundedMap } from '../../verify/keys/bounded-map.js';
import type { WantedIssuer } from '../../wire/issuers.js';
import { showUrl } from '../../show-url.js';
import type { CertificatesOutcome } from '../fetch/certificate-fetcher.js';
import { firstCurrent, headStartFor } from './first-current.js';

export interface IssuerServiceOptions {
  readonly fetch: (url: string, signal: AbortSignal) => Promise<CertificatesOutcome>;
  /** ms that a URL which failed is left alone. */
  readonly retry: number;
  readonly log: Logger;
  readonly warnings: RepeatedWarnings;
  /** ms since 1970. */
  readonly now: () => number;
}

interface Known {
  readonly outcome: CertificatesOutcome;
  /** ms since 1970: from when, and until when. */
  readonly since: number;
  readonly until: number;
}

/** URLs whose outcome is remembered; of each there are at most so many octets. */
const MAX_KNOWN = 256;
const MAX_OCTETS = 64 * 1024;
/** ms that fetched certificates are offered before they are asked for again. */
const KEPT = 3_600_000;

/**
 * Fetches issuers' certificates for requests that lack them: one download of a URL at a time in this process, its
 * outcome kept for a while in memory alone. What comes is offered to the building of paths, and vouches for nothing.
 */
export class IssuerService {
  readonly #options: IssuerServiceOptions;
  readonly #known = new BoundedMap<string, Known>(MAX_KNOWN);
  readonly #running = new Map<string, Promise<CertificatesOutcome>>();
  readonly #closed = new AbortController();

  constructor(options: IssuerServiceOptions) {
    this.#options = options;
  }

  /** The issuers that came within so many ms; later ones are kept for the next request. Never rejects. */
  async supply(
    wanted: readonly WantedIssuer[],
    patience: number,
  ): Promise<{ readonly certificates: readonly Uint8Array[]; readonly failures: readonly string[] }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, patience, 'late').unref();
    });
    const found = await Promise.all(wanted.map((urls) => this.#first(urls, patience, late)));
    clearTimeout(timer);
    return {
      certificates: found.flatMap(({ certificates }) => certificates),
      failures: found.flatMap(({ failures }) => failures),
    };
  }

  /** Gives up what is running. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#running.values());
  }

  /** The certificates of the first URL that has any; one that is slow does not hold up the others. */
  async #first(urls: WantedIssuer, patience: number, late: Promise<'late'>) {
    const { winner, outcomes } = await firstCurrent(urls, {
      ask: (url) => this.#get(url),
      isGood: ({ kind }) => kind === 'fetched',
      headStart: headStartFor(urls.length, patience),
      late,
    });
    if (winner?.kind === 'fetched') return { certificates: winner.certificates, failures: [] };
    const failures = outcomes.flatMap((outcome, place) => {
      if (outcome === 'unasked' || (typeof outcome !== 'string' && outcome.kind === 'fetched')) return [];
      if (outcome !== 'late') return [outcome.message];
      return [
        `${showUrl(urls[place] ?? '')}: it had not come after ${Math.round(patience)} ms (crl.maxWait)`,
      ];
    });
    return { certificates: [], failures };
  }

  #get(url: string): Promise<CertificatesOutcome> {
    const known = this.#known.get(url);
    const now = this.#options.now();
    if (known !== undefined && known.since <= now && now < known.until) return Promise.resolve(known.outcome);
    const running = this.#running.get(url);
    if (running !== undefined) return running;
    const started = this.#fetch(url).finally(() => {
      this.#running.delete(url);
    });
    this.#running.set(url, started);
    return started;
  }

  async #fetch(url: string): Promise<CertificatesOutcome> {
    const { fetch, retry, log, warnings, now } = this.#options;
    const outcome = bounded(url, await fetch(url, this.#closed.signal));
    if (outcome.kind === 'fetched') {
      log.info('issuers were fetched', { url, certificates: outcome.certificates.length });
    } else {
      if (outcome.fault === 'aborted') return outcome;
      warnings.warn('an issuer could not be fetched', hostOf(url), { why: outcome.message });
    }
    const since = now();
    this.#known.set(url, { outcome, since, until: since + (outcome.kind === 'fetched' ? KEPT : retry) });
    return outcome;
  }
}

function bounded(url: string, outcome: CertificatesOutcome): CertificatesOutcome {
  if (outcome.kind === 'failed') return outcome;
  const octets = outcome.certificates.reduce((sum, { length }) => sum + length, 0);
  if (octets <= MAX_OCTETS) return outcome;
  const message = `${url}: its certificates have ${octets} octets, more than ${MAX_OCTETS}`;
  return { kind: 'failed', code: 'FETCH_FAILED', fault: 'tooLarge', message };
}
