import type { FetchFailure, FetchOrder, FetchReport, WantedCrl } from '../../wire/crl.js';
import { hostOf } from '../../repeated-warnings.js';
import { showUrl } from '../../show-url.js';
import { unaskable } from '../fetch/unaskable.js';
import { compareAge } from '../store/newer.js';
import { Attempts } from './attempts.js';
import { Downloads, type DownloadsOptions } from './downloads.js';
import { firstCurrent, headStartFor } from './first-current.js';
import { Refresher } from './refresher.js';
import type { StoredCrls } from './stored-crls.js';
import { recentFailure } from './url-records.js';

export interface CrlServiceOptions extends DownloadsOptions {
  readonly random: () => number;
  /** The locations of a wanted CRL, in order: configured sources, then its distribution point. */
  readonly urlsOf: (wanted: WantedCrl) => readonly string[];
}

/** ms for which a fetched URL is not asked again, whatever is still missing. */
const NEW_ENOUGH = 30_000;

/** Supplies CRLs to the requests that lack them, and keeps those in use fresh. */
export class CrlService {
  readonly #options: CrlServiceOptions;
  readonly #downloads: Downloads;
  readonly #refresher: Refresher;

  constructor(options: CrlServiceOptions) {
    const { records, stored, refresh, now, random } = options;
    this.#options = options;
    this.#downloads = new Downloads(options);
    this.#refresher = new Refresher({
      records,
      stored,
      refresh,
      urlsOf: (wanted) => options.urlsOf(wanted),
      supply: (wanted, since) =>
        this.#race(wanted, { ask: (url) => this.#downloads.get(url, wanted, since) }),
      onStale: (urls, isStale, nextUpdate) => {
        this.#tellOfAge(urls, isStale, nextUpdate);
      },
      now,
      random,
    });
  }

  /**
   * Why CRLs did not come, within so many ms, and how many addresses were asked for them; what goes on beyond that
   * serves later requests. Those that come first are asked for first. Never rejects.
   */
  async supply(wanted: readonly WantedCrl[], limits: SupplyLimits): Promise<Supply> {
    const { now, refresh, urlsOf } = this.#options;
    const { patience, maxAttempts, mayPart = false, via } = limits;
    const since = now() - Math.min(NEW_ENOUGH, refresh / 2);
    const stopped = new AbortController();
    const late = Promise.race([pause(patience), aborted(stopped.signal)]);
    const attempts = new Attempts(
      maxAttempts,
      wanted.map((each) => urlsOf(each).length),
    );
    const races = wanted.map(async (each, index) => {
      const ask = async (url: string): Promise<FetchFailure | undefined> => {
        const known = this.#known(url, each);
        if (known !== undefined) return known;
        if (!this.#downloads.isRunning(url, each) && !attempts.pay(index)) return notAsked(url, maxAttempts);
        return this.#downloads.get(url, each, since, via);
      };
      const failures = await this.#race(each, { ask, late, patience });
      attempts.end(index);
      return failures;
    });
    // In place of a configured source that is slow the thread may ask for what the certificate names.
    const canTurn = wanted.some(({ source }) => source !== undefined);
    const grace = headStartFor(1, patience);
    const ended = await (mayPart ? untilSomeCame(races, grace, canTurn) : Promise.all(races));
    // Running downloads go on, and the next request finds their results; no further address is begun.
    stopped.abort();
    return {
      failures: ended.flatMap((failures) => failures ?? []),
      pending: wanted.filter((_, index) => ended[index] === undefined),
      attempts: attempts.made,
    };
  }

  /** These are in use. */
  used(wanted: readonly WantedCrl[]): void {
    for (const each of wanted) {
      this.#refresher.watch(each);
      for (const url of this.#options.urlsOf(each)) void this.#options.notes.learn(url, each);
    }
  }

  /** URLs in use. */
  get watched(): { has(url: string): boolean; keys(): Iterable<string> } {
    return this.#refresher.byUrl;
  }

  /** Another host may have a newer CRL of the URL. Never rejects; `again`: it could not be looked at now. */
  async onAnnounced(url: string): Promise<'done' | 'again'> {
    const wanted = this.#refresher.byUrl.get(url) ?? [];
    const outcomes = await Promise.all(wanted.map((each) => this.#downloads.onAnnounced(url, each)));
    return outcomes.includes('again') ? 'again' : 'done';
  }

  /** The CRLs in use, in the form of wants. */
  get inUse(): readonly FetchOrder[] {
    return [...this.#refresher.byUrl].flatMap(([url, wanted]) =>
      wanted.map((each) => ({ wanted: each, urls: [url] })),
    );
  }

  /** From the first of the URLs that has it, whatever is known of them. Never rejects. */
  async fetchNow({ wanted, urls }: FetchOrder): Promise<FetchReport> {
    const { stored } = this.#options;
    stored.renew();
    const before = stored.newest(wanted, { urls });
    const { outcomes } = await firstCurrent(urls, {
      ask: (url) => this.#downloads.getNow(url, wanted).then((failure) => ({ url, failure })),
      isGood: ({ failure }) => failure === undefined,
      headStart: headStartFor(urls.length),
    });
    const ended = outcomes.filter((outcome) => typeof outcome !== 'string');
    const failures = ended.flatMap(({ failure }) => failure ?? []);
    // A received CRL past its nextUpdate is used if there is none better.
    const taken =
      ended.find(({ failure }) => failure === undefined) ??
      ended.find(({ failure }) => failure?.code === 'CRL_STALE');
    if (taken === undefined) return { failures };
    stored.renew();
    const present = stored.newest(wanted, { urls });
    const isNew = present !== undefined && (before === undefined || compareAge(present, before) !== 'same');
    return {
      failures,
      taken: { url: taken.url, isNew, crl: present === undefined ? null : facts(present) },
    };
  }

  async close(): Promise<void> {
    this.#refresher.close();
    await this.#downloads.close();
  }

  /** Why there is no current CRL, if there is none: for each address, in their order. */
  async #race(wanted: WantedCrl, { ask, late, patience }: Asking): Promise<readonly FetchFailure[]> {
    const urls = this.#options.urlsOf(wanted);
    const { winner, outcomes } = await firstCurrent(urls, {
      ask: async (url) => ({ failure: await ask(url) }),
      isGood: ({ failure }) => failure === undefined,
      headStart: headStartFor(urls.length, patience),
      ...(late !== undefined && { late }),
    });
    if (winner !== undefined) return [];
    return outcomes.flatMap((outcome, place) =>
      typeof outcome === 'string' ? tooLate(urls[place] ?? '', outcome, patience) : (outcome.failure ?? []),
    );
  }

  /** Why no server is asked for it now. */
  #known(url: string, wanted: WantedCrl): FetchFailure | undefined {
    const { records, now } = this.#options;
    const never = wanted.source === undefined ? unaskable(url) : undefined;
    return never ?? recentFailure(records, url, wanted, now());
  }

  #tellOfAge(urls: readonly string[], isStale: boolean, nextUpdate: number | null): void {
    const { log, warnings } = this.#options;
    const fields = {
      urls: urls.map(showUrl),
      nextUpdate: nextUpdate === null ? null : new Date(nextUpdate).toISOString(),
    };
    if (isStale) warnings.warn('a CRL in use is out of date', hostOf(urls[0] ?? ''), fields);
    else log.info('a CRL in use is current again', fields);
  }
}

/** The limits of one request. */
export interface SupplyLimits {
  /** ms that it waits. */
  readonly patience: number;
  /** Addresses that are asked for it. */
  readonly maxAttempts: number;
  /** Whether what has come is told before the rest has. */
  readonly mayPart?: boolean;
  /** The proxies that it came through; see `Downloads.get`. */
  readonly via?: string | undefined;
}

export interface Supply {
  readonly failures: readonly FetchFailure[];
  /** The wants that are still being fetched. */
  readonly pending: readonly WantedCrl[];
  /** Addresses that were asked. */
  readonly attempts: number;
}

interface Asking {
  readonly ask: (url: string) => Promise<FetchFailure | undefined>;
  readonly late?: Promise<unknown>;
  readonly patience?: number;
}

/**
 * Why each of them did not come, none where it did: once all have ended, or so many ms after the first has come, or
 * with `canTurn` after the beginning; then `undefined` for those that have not ended.
 */
async function untilSomeCame(
  races: readonly Promise<readonly FetchFailure[]>[],
  grace: number,
  canTurn: boolean,
): Promise<readonly (readonly FetchFailure[] | undefined)[]> {
  const ended: (readonly FetchFailure[] | undefined)[] = races.map(() => undefined);
  const some = races.map(async (race, index) => {
    const failures = await race;
    ended[index] = failures;
    if (failures.length > 0) await new Promise<never>(() => undefined);
  });
  const first = canTurn ? pause(grace) : Promise.race(some).then(() => pause(grace));
  await Promise.race([Promise.all(races), first]);
  return [...ended];
}

async function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}

function notAsked(url: string, most: number): FetchFailure {
  const message = `${showUrl(url)}: not asked: no more than ${most} further addresses are asked for the request`;
  return { url, code: 'FETCH_LIMIT', message };
}

function tooLate(url: string, how: 'late' | 'unasked', patience = 0): FetchFailure {
  const what = how === 'late' ? 'it had not come' : 'its turn had not come';
  return {
    url,
    code: 'FETCH_FAILED',
    message: `${showUrl(url)}: ${what} after ${Math.round(patience)} ms (crl.maxWait)`,
  };
}

function facts({ number, thisUpdate, nextUpdate }: NonNullable<ReturnType<StoredCrls['newest']>>) {
  return { number: number?.toString() ?? null, thisUpdate, nextUpdate };
}
