import { messageOf } from '../../errors.js';
import { hostOf } from '../../repeated-warnings.js';
import { showUrl } from '../../show-url.js';
import type { FetchFailure, WantedCrl } from '../../wire/crl.js';
import { type FetchWay, isAskedOfServer, Origin, type OriginOptions } from './origin.js';
import { NOW, SharedSupply } from './shared-supply.js';
import { LEASE, whileLeased } from './store-lease.js';
import { answersOf, recentFailure, refusalName, staleness } from './url-records.js';

export interface DownloadsOptions extends OriginOptions {
  /** ms that one download and its storing may take. */
  readonly longest: number;
  /** ms: `crl.refresh` */
  readonly refresh: number;
  /** ms that the share may hold a download up: `crl.redisMaxWait` */
  readonly shareWait: number;
}

/** ms between two looks at what another process is downloading. */
const POLL = 100;

/**
 * One download of a URL at a time: within this process by sharing the promise, across processes by a lease in the
 * store. A process that waits for another one reads the store until that has noted the result, or is gone.
 *
 *     wanted ─▶ known already? ─▶ lease? ─▶ known by now? ─▶ fetch ─▶ ingest ─▶ note, release
 *                      ▲              │ held by another
 *                      └── a moment ◀─┘
 */
export class Downloads {
  readonly #options: DownloadsOptions;
  readonly #origin: Origin;
  readonly #shared: SharedSupply | undefined;
  readonly #running = new Map<string, Promise<FetchFailure | undefined>>();
  /** By URL, the last of the downloads that wait for their turn. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #announcements = new Set<Promise<unknown>>();
  readonly #closed = new AbortController();

  constructor(options: DownloadsOptions) {
    const { share, shareWait: wait } = options;
    this.#options = options;
    this.#origin = new Origin(options);
    this.#shared = share && new SharedSupply({ ...options, share, wait }, this.#origin);
  }

  /**
   * Resolves when the URL's CRL is in the store and current, or with the reason why it is not. Never rejects.
   *
   * @param since ms: a fetch from then on is new enough
   * @param via the proxies that the request came through; a running download keeps those of its first request
   */
  get(url: string, wanted: WantedCrl, since: number, via = ''): Promise<FetchFailure | undefined> {
    return this.#once(url, wanted, () => this.#get(url, wanted, since, via));
  }

  /** A request for it now waits for the running download. */
  isRunning(url: string, wanted: WantedCrl): boolean {
    return this.#running.has(refusalName(url, wanted));
  }

  /** The same from the URL's own server and no other, at once, even where it failed a moment ago. */
  getNow(url: string, wanted: WantedCrl): Promise<FetchFailure | undefined> {
    return this.#once(url, wanted, () => this.#get(url, wanted, NOW, ''));
  }

  #once(
    url: string,
    wanted: WantedCrl,
    start: () => Promise<FetchFailure | undefined>,
  ): Promise<FetchFailure | undefined> {
    const name = refusalName(url, wanted);
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const started = start().finally(() => {
      this.#running.delete(name);
    });
    this.#running.set(name, started);
    return started;
  }

  /**
   * Takes what another host has of the URL where that is newer; the URL's own server is not asked. `again`: this host
   * is at the URL just now. Never rejects.
   */
  async onAnnounced(url: string, wanted: WantedCrl): Promise<'done' | 'again'> {
    const name = refusalName(url, wanted);
    if (this.#shared === undefined) return 'done';
    if (this.#running.has(name)) return 'again';
    const handling = this.#handleAnnouncement(this.#shared, url, wanted);
    this.#announcements.add(handling);
    return handling.finally(() => {
      this.#announcements.delete(handling);
    });
  }

  /** Gives up what is running. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#running.values(), ...this.#announcements]);
  }

  async #get(url: string, wanted: WantedCrl, since: number, via: string): Promise<FetchFailure | undefined> {
    const way = { via, signal: this.#closed.signal };
    // No lease is needed for a file, which no server is asked for.
    if (!isAskedOfServer(url)) return this.#origin.fetch(url, wanted, way);
    // Wants of one URL that differ are asked one after the other: what the first found out may do for all.
    return this.#inTurn(url, () => this.#getInTurn(url, wanted, since, way));
  }

  async #inTurn<T>(url: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(url) ?? Promise.resolve()).then(work);
    const ended = turn.catch(() => undefined);
    this.#turns.set(url, ended);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(url) === ended) this.#turns.delete(url);
    }
  }

  async #getInTurn(
    url: string,
    wanted: WantedCrl,
    since: number,
    way: FetchWay,
  ): Promise<FetchFailure | undefined> {
    const lease = `fetch ${url}`;
    try {
      const known = await this.#knownOrLeased(lease, url, wanted, since);
      if (known !== undefined) return known.failure;
      if (since !== NOW && (await this.#wasDeadly(url))) return await this.#leaveAlone(lease, url);
    } catch (error) {
      return failed(url, messageOf(error));
    }
    try {
      return await this.#whileLeased(lease, () => this.#fetch(url, wanted, since, way));
    } catch (error) {
      return failed(url, messageOf(error));
    }
  }

  async #handleAnnouncement(shared: SharedSupply, url: string, wanted: WantedCrl): Promise<'done' | 'again'> {
    const { keeper, warnings, shareWait } = this.#options;
    const lease = `fetch ${url}`;
    try {
      if (!(await shared.hasNews(url, wanted))) return 'done';
      if (!(await keeper.acquireLease(lease, LEASE))) return 'again';
      await this.#whileLeased(lease, () => shared.take(url, wanted, NOW, performance.now() + shareWait));
    } catch (error) {
      warnings.warn('what another host has was not taken', hostOf(url), { url, error: messageOf(error) });
    }
    return 'done';
  }

  async #whileLeased<T>(lease: string, work: () => Promise<T>): Promise<T> {
    const { keeper, warnings } = this.#options;
    const trouble = (thrown: unknown): void => {
      warnings.warn('a lease of the CRL store is in doubt', '', { lease, error: messageOf(thrown) });
    };
    return whileLeased(keeper, lease, trouble, work);
  }

  /** The result of another process meanwhile; `undefined` once this process has the lease and there is no result. */
  async #knownOrLeased(
    lease: string,
    url: string,
    wanted: WantedCrl,
    since: number,
  ): Promise<{ readonly failure: FetchFailure | undefined } | undefined> {
    const { keeper, longest } = this.#options;
    const known = this.#known(url, wanted, since);
    if (known !== undefined) return known;
    // By the monotonic clock.
    const end = performance.now() + longest;
    for (; performance.now() < end && !this.#closed.signal.aborted; await pause(POLL)) {
      const isOurs = await keeper.acquireLease(lease, LEASE);
      const found = this.#known(url, wanted, since);
      if (found !== undefined && isOurs) await keeper.releaseLease(lease);
      if (found !== undefined || isOurs) return found;
    }
    return { failure: failed(url, `another process has been fetching it for more than ${longest} ms`) };
  }

  #known(
    url: string,
    wanted: WantedCrl,
    since: number,
  ): { readonly failure: FetchFailure | undefined } | undefined {
    const { records, stored, now } = this.#options;
    if (since === NOW) return undefined;
    stored.renew();
    const failure = recentFailure(records, url, wanted, now());
    if (failure !== undefined) return { failure };
    const record = records.urlRecord(url);
    const fetchedAt = record === undefined ? -Infinity : answersOf(record, now()).fetchedAt;
    if (record === undefined || fetchedAt === -Infinity || fetchedAt < since) return undefined;
    const crl = stored.newest(wanted, { urls: [url], key: record.crl });
    return crl?.isWhole === true ? { failure: staleness(url, crl, wanted, now()) } : undefined;
  }

  /** Did a process not outlive the check of what the URL has? The lease is ours, so that no other is at it. */
  async #wasDeadly(url: string): Promise<boolean> {
    const { records, stored } = this.#options;
    stored.renew();
    return records.urlRecord(url)?.checking !== undefined;
  }

  async #leaveAlone(lease: string, url: string): Promise<FetchFailure> {
    const { keeper, notes, log } = this.#options;
    const message = `${showUrl(url)}: the process that checked what it has ended over that`;
    log.warn('a URL of CRLs is left alone', { url: showUrl(url), why: message });
    await notes.failed(url, { code: 'FETCH_FAILED', message });
    await keeper.releaseLease(lease);
    return { url, code: 'FETCH_FAILED', message };
  }

  #fetch(url: string, wanted: WantedCrl, since: number, way: FetchWay): Promise<FetchFailure | undefined> {
    return this.#shared?.fetch(url, wanted, since, way) ?? this.#origin.fetch(url, wanted, way);
  }
}

function failed(url: string, why: string): FetchFailure {
  return { url, code: 'FETCH_FAILED', message: `${url}: ${why}` };
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
