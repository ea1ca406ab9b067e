import type { WantedCrl } from '../../wire/crl.js';
import { refreshAt } from './freshness.js';
import { leftAloneUntil, pastTime, SKEW } from '../store/records/past-times.js';
import { NO_RECORD } from '../store/records/records.js';
import type { StoredCrls } from './stored-crls.js';
import { answersOf, refusalName, type UrlRecords } from './url-records.js';

export interface RefresherOptions {
  readonly records: UrlRecords;
  readonly stored: StoredCrls;
  /** ms: `crl.refresh` */
  readonly refresh: number;
  readonly urlsOf: (wanted: WantedCrl) => readonly string[];
  /** Gets what came from the wanted CRL's place since then, ms. Never rejects. */
  readonly supply: (wanted: WantedCrl, since: number) => Promise<unknown>;
  /** A CRL in use has gone stale, or a newer one has come for it. */
  readonly onStale: (urls: readonly string[], isStale: boolean, nextUpdate: number | null) => void;
  /** ms since 1970. */
  readonly now: () => number;
  readonly random: () => number;
}

interface Watched {
  readonly wanted: WantedCrl;
  /** On the clock of `performance.now`. */
  usedAt: number;
  /** When it had last been fetched as `dueAt` was reckoned. */
  fetchedAt: number;
  /** The time of the last unsuccessful refresh, if any. */
  triedAt: number;
  /** Its nextUpdate had passed as `dueAt` was reckoned. */
  isStale: boolean;
  /** When `dueAt` was reckoned: a clock that is set back makes that void. */
  reckonedAt: number;
  dueAt: number;
}

/** CRLs that one process keeps fresh; beyond it those unused for longest are left to be fetched when wanted. */
const MAX_WATCHED = 10_000;
/** ms (or ten refreshes) after its last use from which on a CRL is not refreshed any more. */
const UNUSED = 86_400_000;
/** The least between two refreshes of one CRL after a failure, ms. */
const AFTER_FAILURE = 1000;
/** Within so many ms a CRL is refreshed whose last refresh is not known. */
const SOON_MS = 60_000;
/** The longest time of a timer, ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Keeps the CRLs in use fresh while they serve. Every process that uses a CRL watches it; which of them refreshes it
 * is left to the lease, and the others find that it was done.
 */
export class Refresher {
  readonly #options: RefresherOptions;
  /** The longest unused first. */
  readonly #watched = new Map<string, Watched>();
  /** The same by URL, made when it is asked for. */
  #byUrl: ReadonlyMap<string, readonly WantedCrl[]> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  /** The CRL is in use. */
  watch(wanted: WantedCrl): void {
    const urls = this.#options.urlsOf(wanted);
    if (urls.length === 0) return;
    const name = refusalName(urls.join(' '), wanted);
    const known = this.#watched.get(name);
    const watched = known ?? {
      wanted,
      usedAt: 0,
      fetchedAt: -Infinity,
      triedAt: -Infinity,
      isStale: false,
      reckonedAt: 0,
      dueAt: 0,
    };
    watched.usedAt = performance.now();
    this.#watched.delete(name);
    this.#watched.set(name, watched);
    if (known !== undefined) return;
    const [unused] = this.#watched.keys();
    if (this.#watched.size > MAX_WATCHED && unused !== undefined) this.#watched.delete(unused);
    this.#byUrl = undefined;
    this.#reckon(watched);
    this.#setTimer();
  }

  /** The CRLs to keep fresh, by URL. */
  get byUrl(): ReadonlyMap<string, readonly WantedCrl[]> {
    this.#byUrl ??= this.#indexByUrl();
    return this.#byUrl;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watched.clear();
    this.#byUrl = undefined;
  }

  #indexByUrl(): ReadonlyMap<string, readonly WantedCrl[]> {
    const index = new Map<string, WantedCrl[]>();
    for (const { wanted } of this.#watched.values()) {
      for (const url of this.#options.urlsOf(wanted)) {
        const known = index.get(url);
        if (known === undefined) index.set(url, [wanted]);
        else known.push(wanted);
      }
    }
    return index;
  }

  /**
   * Due one interval after the source last answered; if it never did, after a whole interval, since the CRL can be
   * used. If that time is in the future, the clock was ahead and the true time is not known: due soon.
   */
  #reckon(watched: Watched): void {
    const { wanted } = watched;
    const { records, stored, refresh, urlsOf, now, random } = this.#options;
    const time = now();
    const urls = urlsOf(wanted);
    stored.renew();
    const crl = stored.newest(wanted, { urls });
    const found = urls.map((url) => records.urlRecord(url) ?? NO_RECORD);
    const answers = found.map((record) => answersOf(record, time));
    const fetchedAt = Math.max(...answers.map((answer) => answer.fetchedAt));
    const answeredAt = Math.max(...answers.map((answer) => answer.answeredAt));
    const isAhead = answeredAt === -Infinity && found.some((record) => record.fetchedAt !== null);
    const isStale = crl !== undefined && (crl.nextUpdate ?? Infinity) <= time;
    if (crl !== undefined && isStale !== watched.isStale)
      this.#options.onStale(urls, isStale, crl.nextUpdate);
    watched.isStale = isStale;
    watched.fetchedAt = fetchedAt;
    watched.triedAt = pastTime(watched.triedAt, time);
    watched.reckonedAt = time;
    const due = isAhead
      ? time + Math.round(Math.min(refresh, SOON_MS) * random())
      : crl === undefined || fetchedAt === -Infinity
        ? time + refresh
        : refreshAt({ ...crl, fetchedAt: answeredAt }, refresh, random());
    const isAnswered = fetchedAt >= watched.triedAt;
    watched.dueAt = isAnswered ? due : Math.max(time + AFTER_FAILURE, this.#retryAt(urls, time));
  }

  #retryAt(urls: readonly string[], now: number): number {
    const { records } = this.#options;
    return Math.min(...urls.map((url) => leftAloneUntil(records.urlRecord(url) ?? NO_RECORD, now)));
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    let next = Infinity;
    for (const { dueAt } of this.#watched.values()) next = Math.min(next, dueAt);
    if (next === Infinity) return;
    const { now, refresh } = this.#options;
    // Looked at again in time, whatever becomes of the clock.
    const wait = Math.min(LONGEST_TIMER, refresh + SOON_MS, Math.max(0, next - now()));
    this.#timer = setTimeout(() => {
      this.#refreshDue();
    }, wait).unref();
  }

  #refreshDue(): void {
    const { now, refresh } = this.#options;
    for (const [name, watched] of this.#watched) {
      const time = now();
      if (watched.reckonedAt > time + SKEW && watched.dueAt < Infinity) this.#reckon(watched);
      if (performance.now() - watched.usedAt > UNUSED + 10 * refresh) {
        this.#watched.delete(name);
        this.#byUrl = undefined;
      } else if (watched.dueAt <= time) void this.#refresh(watched);
    }
    this.#setTimer();
  }

  async #refresh(watched: Watched): Promise<void> {
    const { supply, now } = this.#options;
    watched.dueAt = Infinity;
    watched.triedAt = now();
    // A CRL that another process fetched since then is sufficient.
    await supply(watched.wanted, watched.fetchedAt + 1);
    this.#reckon(watched);
    this.#setTimer();
  }
}
