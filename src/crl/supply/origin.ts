import type { Logger } from '../../log.js';
import type { FetchFailure, WantedCrl } from '../../wire/crl.js';
import type { IngestOutcome, IngestRequest, UrlRecord } from '../../wire/ingest.js';
import type { CrlRequest, FetchOutcome } from '../fetch/crl-fetcher.js';
import { retryAt, type RetryLimits } from '../fetch/retry-policy.js';
import type { Share } from './share.js';
import type { StoredCrls } from './stored-crls.js';
import { failureCode, NO_RECORD, refusalName, type UrlRecords, validatorsOf } from './url-records.js';

/** Who writes the store: `IngestHandle`. */
export interface StoreKeeper {
  ingest(request: IngestRequest): Promise<IngestOutcome>;
  note(url: string, record: UrlRecord): Promise<void>;
  acquireLease(name: string, duration: number): Promise<boolean>;
  releaseLease(name: string): Promise<void>;
}

export interface OriginOptions {
  readonly records: UrlRecords;
  readonly stored: StoredCrls;
  readonly keeper: StoreKeeper;
  readonly fetch: (request: CrlRequest) => Promise<FetchOutcome>;
  readonly retry: RetryLimits;
  /** Where other hosts find what came; absent where there is none. */
  readonly share?: Share | undefined;
  readonly log: Logger;
  /** ms since 1970. */
  readonly now: () => number;
  readonly random: () => number;
}

type Fetched = Extract<FetchOutcome, { kind: 'fetched' }>;

/** Asks a URL's own server, has what comes stored, and remembers how it went. */
export class Origin {
  readonly #options: OriginOptions;

  constructor(options: OriginOptions) {
    this.#options = options;
  }

  /** Why what the URL has is not in the store, if it is not. Rejects when the store cannot be written. */
  async fetch(url: string, wanted: WantedCrl, signal: AbortSignal): Promise<FetchFailure | undefined> {
    const { records, stored, now } = this.#options;
    const record = records.urlRecord(url) ?? NO_RECORD;
    const present = stored.newest(wanted, [url]);
    const isOverdue = present !== undefined && (present.nextUpdate ?? Infinity) <= now();
    const outcome = await this.#options.fetch({
      url,
      // Of something that is no longer there, 304 would be no answer.
      ...(present !== undefined && { validators: validatorsOf(record) }),
      ...(isOverdue && { revalidate: true }),
      signal,
    });
    if (outcome.kind === 'failed') return this.#failed(url, outcome, record);
    if (outcome.kind === 'notModified') {
      await this.#note(url, { ...validatorsOf(record), ...outcome.validators });
      if (present !== undefined) await this.#shareOf(url)?.publish(url, present);
      return undefined;
    }
    return this.#take(url, wanted, outcome);
  }

  async #take(
    url: string,
    wanted: WantedCrl,
    { der, validators }: Fetched,
  ): Promise<FetchFailure | undefined> {
    const { keeper, log } = this.#options;
    const { signers } = wanted;
    const size = der.length;
    // Before the bytes are given away; nobody finds them before the CRL was taken here.
    const staged = await this.#shareOf(url)?.stage(der);
    const outcome = await keeper.ingest({ content: { der }, source: url, signers, wanted });
    await this.#share(url, outcome, staged === undefined ? undefined : { id: staged, size });
    if (outcome.kind === 'refused') {
      log.warn('a fetched CRL was not taken', { url, code: outcome.code, why: outcome.message });
      if (outcome.code !== 'STORE_FAILED') await this.#noteFailure(refusalName(url, wanted), outcome);
      return { url, code: failureCode(outcome.code), message: outcome.message };
    }
    if (outcome.kind === 'stored') {
      logStored(log, 'a CRL was fetched', url, outcome);
      if (outcome.warning !== undefined) log.warn(outcome.warning, { url });
    }
    await this.#note(url, validators);
    if (outcome.kind === 'stored' || outcome.crl !== null) return undefined;
    return { url, code: 'CRL_STALE', message: `${url}: the CRL is older than one that was there before` };
  }

  async #share(
    url: string,
    outcome: IngestOutcome,
    staged: { readonly id: string; readonly size: number } | undefined,
  ): Promise<void> {
    const share = this.#shareOf(url);
    if (share === undefined) return;
    const isTaken = outcome.kind === 'stored' || (outcome.kind === 'notNewer' && outcome.age === 'same');
    if (isTaken && outcome.crl !== null) await share.publish(url, outcome.crl, staged);
    else if (staged !== undefined) await share.discard(staged.id);
  }

  /** What lies in this host's own files is nobody else's. */
  #shareOf(url: string): Share | undefined {
    return isAskedOfServer(url) ? this.#options.share : undefined;
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

/** Or is it a file, or a place that nobody here can ask? */
export function isAskedOfServer(url: string): boolean {
  return /^https?:/i.test(url);
}

/** One line, the same wherever the CRL came from. */
export function logStored(
  log: Logger,
  what: string,
  url: string,
  { crl }: Extract<IngestOutcome, { kind: 'stored' }>,
): void {
  const { number, thisUpdate, nextUpdate, entries } = crl;
  const times = [thisUpdate, nextUpdate].map((time) => time && new Date(time).toISOString());
  log.info(what, { url, number: number?.toString(), of: times[0], until: times[1], entries });
}
