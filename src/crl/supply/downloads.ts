import type { Logger } from '../../log.js';
import { messageOf } from '../../errors.js';
import type { FetchFailure, WantedCrl } from '../../wire/crl.js';
import type { IngestOutcome, IngestRequest, UrlRecord } from '../../wire/ingest.js';
import type { FetchOutcome, CrlRequest } from '../fetch/crl-fetcher.js';
import { retryAt, type RetryLimits } from '../fetch/retry-policy.js';
import type { StoredCrls } from './stored-crls.js';
import { failureCode, NO_RECORD, recentFailure, refusalName, type UrlRecords } from './url-records.js';

/** Who writes the store: `IngestHandle`. */
export interface StoreKeeper {
  ingest(request: IngestRequest): Promise<IngestOutcome>;
  note(url: string, record: UrlRecord): Promise<void>;
  acquireLease(name: string, duration: number): Promise<boolean>;
  releaseLease(name: string): Promise<void>;
}

export interface DownloadsOptions {
  readonly records: UrlRecords;
  readonly stored: StoredCrls;
  readonly keeper: StoreKeeper;
  readonly fetch: (request: CrlRequest) => Promise<FetchOutcome>;
  readonly retry: RetryLimits;
  /** ms that one download and its storing may take. */
  readonly longest: number;
  readonly log: Logger;
  /** ms since 1970. */
  readonly now: () => number;
  readonly random: () => number;
}

/** A lease lasts so many ms and is taken again and again: one whose holder died is free soon. */
const LEASE = 6000;
const RENEW_LEASE = 2000;
/** ms between two looks at what another process is downloading. */
const POLL = 100;

/**
 * One download of a URL at a time: within this process by sharing the promise, across processes by a lease in the
 * store. Whoever waits for another process looks at the store until that has noted what came of it, or is gone.
 *
 *     wanted ─▶ known already? ─▶ lease? ─▶ known by now? ─▶ fetch ─▶ ingest ─▶ note, release
 *                      ▲              │ held by another
 *                      └── a moment ◀─┘
 */
export class Downloads {
  readonly #options: DownloadsOptions;
  readonly #running = new Map<string, Promise<FetchFailure | undefined>>();
  readonly #closed = new AbortController();

  constructor(options: DownloadsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when what the URL has is in the store, with the reason when it is not. Never rejects.
   *
   * @param since ms: what was fetched from then on is new enough
   */
  get(url: string, wanted: WantedCrl, since: number): Promise<FetchFailure | undefined> {
    const name = refusalName(url, wanted);
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const started = this.#get(url, wanted, since).finally(() => {
      this.#running.delete(name);
    });
    this.#running.set(name, started);
    return started;
  }

  /** Gives up what is running. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#running.values());
  }

  async #get(url: string, wanted: WantedCrl, since: number): Promise<FetchFailure | undefined> {
    // Nobody else asks for what no server is asked for.
    if (!/^https?:/i.test(url)) return this.#fetch(url, wanted);
    const lease = `fetch ${url}`;
    try {
      const known = await this.#knownOrLeased(lease, url, wanted, since);
      if (known !== undefined) return known.failure;
    } catch (thrown) {
      return failed(url, messageOf(thrown));
    }
    const { keeper, log } = this.#options;
    const trouble = (thrown: unknown): void => {
      log.warn('a lease of the CRL store is in doubt', { url, error: messageOf(thrown) });
    };
    const renewal = setInterval(() => {
      keeper.acquireLease(lease, LEASE).catch(trouble);
    }, RENEW_LEASE);
    try {
      return await this.#fetch(url, wanted);
    } catch (thrown) {
      return failed(url, messageOf(thrown));
    } finally {
      clearInterval(renewal);
      await keeper.releaseLease(lease).catch(trouble);
    }
  }

  /** What another process found out meanwhile; `undefined` once the lease is ours and there is nothing. */
  async #knownOrLeased(
    lease: string,
    url: string,
    wanted: WantedCrl,
    since: number,
  ): Promise<{ readonly failure: FetchFailure | undefined } | undefined> {
    const { keeper, longest, now } = this.#options;
    const known = this.#known(url, wanted, since);
    if (known !== undefined) return known;
    for (const end = now() + longest; now() < end && !this.#closed.signal.aborted; await pause(POLL)) {
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
    stored.renew();
    const failure = recentFailure(records, url, wanted, now());
    if (failure !== undefined) return { failure };
    const fetchedAt = records.urlRecord(url)?.fetchedAt ?? -Infinity;
    return fetchedAt >= since && stored.newest(wanted) !== undefined ? { failure: undefined } : undefined;
  }

  async #fetch(url: string, wanted: WantedCrl): Promise<FetchFailure | undefined> {
    const { records, stored, now } = this.#options;
    const record = records.urlRecord(url) ?? NO_RECORD;
    const present = stored.newest(wanted, [url]);
    const isOverdue = present !== undefined && (present.nextUpdate ?? Infinity) <= now();
    const outcome = await this.#options.fetch({
      url,
      // Of something that is no longer there, 304 would be no answer.
      ...(present !== undefined && { validators: validatorsOf(record) }),
      ...(isOverdue && { revalidate: true }),
      signal: this.#closed.signal,
    });
    if (outcome.kind === 'failed') return this.#failed(url, outcome, record);
    if (outcome.kind === 'notModified') {
      await this.#note(url, { ...validatorsOf(record), ...outcome.validators });
      return undefined;
    }
    return this.#take(url, wanted, outcome);
  }

  async #take(
    url: string,
    wanted: WantedCrl,
    { der, validators }: Extract<FetchOutcome, { kind: 'fetched' }>,
  ): Promise<FetchFailure | undefined> {
    const { keeper, log } = this.#options;
    const { signers } = wanted;
    const outcome = await keeper.ingest({ content: { der }, source: url, signers, wanted });
    if (outcome.kind === 'refused') {
      log.warn('a fetched CRL was not taken', { url, code: outcome.code, why: outcome.message });
      if (outcome.code !== 'STORE_FAILED') await this.#noteFailure(refusalName(url, wanted), outcome);
      return { url, code: failureCode(outcome.code), message: outcome.message };
    }
    if (outcome.kind === 'stored') {
      const { number, thisUpdate, nextUpdate, entries } = outcome.crl;
      const times = [thisUpdate, nextUpdate].map((time) => time && new Date(time).toISOString());
      log.info('a CRL was fetched', {
        url,
        number: number?.toString(),
        of: times[0],
        until: times[1],
        entries,
      });
      if (outcome.warning !== undefined) log.warn(outcome.warning, { url });
    }
    await this.#note(url, validators);
    if (outcome.kind === 'stored' || outcome.crl !== null) return undefined;
    return { url, code: 'CRL_STALE', message: `${url}: the CRL is older than one that was there before` };
  }

  async #failed(
    url: string,
    { code, fault, message, retryAfter }: Extract<FetchOutcome, { kind: 'failed' }>,
    record: UrlRecord,
  ): Promise<FetchFailure> {
    const { log } = this.#options;
    if (fault !== 'aborted' && fault !== 'unsupported') {
      log.warn('a CRL could not be fetched', { why: message, failures: record.failures + 1 });
      await this.#noteFailure(url, { code, message, retryAfter });
    }
    return { url, code, message };
  }

  async #note(url: string, validators: Pick<UrlRecord, 'etag' | 'lastModified'>): Promise<void> {
    await this.#options.keeper.note(url, { ...NO_RECORD, ...validators, fetchedAt: this.#options.now() });
  }

  async #noteFailure(
    name: string,
    failure: { readonly code: string; readonly message: string; readonly retryAfter?: number | undefined },
  ): Promise<void> {
    const { records, retry, keeper, now, random } = this.#options;
    const record = records.urlRecord(name) ?? NO_RECORD;
    const failures = record.failures + 1;
    const again = retryAt({ count: failures, at: now(), retryAfter: failure.retryAfter }, retry, random());
    const { code, message } = failure;
    await keeper.note(name, { ...record, failures, retryAt: again, code, message });
  }
}

function validatorsOf({ etag, lastModified }: UrlRecord): Pick<UrlRecord, 'etag' | 'lastModified'> {
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

function failed(url: string, why: string): FetchFailure {
  return { url, code: 'FETCH_FAILED', message: `${url}: ${why}` };
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
