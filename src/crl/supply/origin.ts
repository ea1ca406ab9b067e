import type { Logger } from '../../log.js';
import { hostOf, type RepeatedWarnings } from '../../repeated-warnings.js';
import { showUrl } from '../../show-url.js';
import type { FetchFailure, WantedCrl } from '../../wire/crl.js';
import type { IngestOutcome, IngestRequest, UrlRecord } from '../../wire/ingest.js';
import type { CrlRequest, FetchOutcome } from '../fetch/crl-fetcher.js';
import { NO_RECORD } from '../store/records/records.js';
import type { Share } from './share.js';
import type { LeaseKeeper } from './store-lease.js';
import type { StoredCrls } from './stored-crls.js';
import type { UrlNotes } from './url-notes.js';
import {
  failureCode,
  refusalName,
  refusedContent,
  staleness,
  type UrlRecords,
  validatorsOf,
} from './url-records.js';

/** The writer of the store: `IngestHandle`. */
export interface StoreKeeper extends LeaseKeeper {
  ingest(request: IngestRequest): Promise<IngestOutcome>;
}

export interface OriginOptions {
  readonly records: UrlRecords;
  readonly stored: StoredCrls;
  readonly keeper: StoreKeeper;
  readonly fetch: (request: CrlRequest) => Promise<FetchOutcome>;
  readonly notes: UrlNotes;
  /** Our name in the Via of fetches; absent in a server without a CRL proxy. */
  readonly via: string | undefined;
  /** The share by which other hosts get the CRLs; absent without one. */
  readonly share?: Share | undefined;
  readonly log: Logger;
  readonly warnings: RepeatedWarnings;
  /** ms since 1970. */
  readonly now: () => number;
}

/** How a fetch came about. */
export interface FetchWay {
  /** The proxies that the request came through, in the form of the field Via; empty if there are none. */
  readonly via: string;
  readonly signal: AbortSignal;
}

type Fetched = Extract<FetchOutcome, { kind: 'fetched' }>;

/** Asks a URL's own server, has what comes stored, and remembers how it went. */
export class Origin {
  readonly #options: OriginOptions;

  constructor(options: OriginOptions) {
    this.#options = options;
  }

  /**
   * Fetches the URL. Resolves with the reason if its CRL is not stored, is not the newest there, or is past its
   * nextUpdate (CRL_STALE). Rejects if the store cannot be written.
   */
  async fetch(url: string, wanted: WantedCrl, { via, signal }: FetchWay): Promise<FetchFailure | undefined> {
    const { records, stored, notes, now } = this.#options;
    const record = records.urlRecord(url) ?? NO_RECORD;
    const present = stored.newest(wanted, { urls: [url] });
    const isOverdue = present !== undefined && (present.nextUpdate ?? Infinity) <= now();
    const outcome = await this.#options.fetch({
      url,
      // If the stored CRL is gone, a 304 would be useless.
      ...(present?.isWhole === true && { validators: validatorsOf(record) }),
      ...(isOverdue && { revalidate: true }),
      ...this.#viaWith(via),
      signal,
    });
    if (outcome.kind === 'failed') return this.#failed(url, outcome, record, via !== '');
    if (outcome.kind === 'notModified') {
      const { age } = outcome;
      const validators = { ...validatorsOf(record), ...outcome.validators };
      this.#tellOfRecovery(url);
      await notes.fetched(url, { validators, crl: record.crl, age, wanted });
      if (present === undefined) return undefined;
      const [content = null] = present.contents;
      await this.#shareOf(url)?.publish(url, { ...present, content });
      return staleness(url, present, wanted, now());
    }
    return this.#take(url, wanted, outcome, present !== undefined);
  }

  /** @param isServed an earlier CRL from there serves. */
  async #take(
    url: string,
    wanted: WantedCrl,
    { der, validators, age }: Fetched,
    isServed: boolean,
  ): Promise<FetchFailure | undefined> {
    const { records, keeper, notes, log, warnings, now } = this.#options;
    const { signers } = wanted;
    const size = der.length;
    // Before the bytes are transferred; other hosts do not see them before the CRL was accepted here.
    const staged = await this.#shareOf(url)?.stage(der);
    const refused = refusedContent(records, url, wanted, now());
    const isOver = await notes.checking(url);
    const outcome = await keeper.ingest({ content: { der }, source: url, signers, wanted, refused });
    await this.#share(url, outcome, staged === undefined ? undefined : { id: staged, size });
    if (outcome.kind === 'refused') {
      warnings.warn('a fetched CRL was not taken', hostOf(url), {
        url,
        code: outcome.code,
        why: outcome.message,
      });
      await isOver();
      // Unreadable content is refused for all wants.
      const name = outcome.isForAll === true ? url : refusalName(url, wanted);
      if (outcome.code !== 'STORE_FAILED') await notes.failed(name, outcome);
      if (outcome.code !== 'STORE_FAILED' && isServed) await notes.refused(url, outcome);
      return { url, code: failureCode(outcome.code), message: outcome.message };
    }
    if (outcome.kind === 'stored') {
      logStored(log, 'a CRL was fetched', url, outcome);
      if (outcome.warning !== undefined) warnings.warn(outcome.warning, hostOf(url), { url });
    }
    this.#tellOfRecovery(url);
    await notes.fetched(url, { validators, crl: outcome.crl?.key, age, wanted });
    const { crl } = outcome;
    if (crl !== null && (outcome.kind === 'stored' || outcome.age === 'same'))
      return staleness(url, crl, wanted, now());
    // Another place of the same CRL may have a newer one than both.
    const message = `${showUrl(url)}: the CRL is older than one that was there before`;
    return { url, code: 'CRL_STALE', message };
  }

  /** Before the note of what came: that ends the record of refusals. */
  #tellOfRecovery(url: string): void {
    const { records, log } = this.#options;
    const { refusal, failures } = records.urlRecord(url) ?? NO_RECORD;
    if (refusal !== undefined || failures > 0)
      log.info('a source of CRLs is well again', { url, failures, refusals: refusal?.count ?? 0 });
  }

  #viaWith(before: string): Pick<CrlRequest, 'via'> {
    const { via } = this.#options;
    return via === undefined ? {} : { via: `${before === '' ? '' : `${before}, `}1.1 ${via}` };
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

  /** Files of this host are not shared. */
  #shareOf(url: string): Share | undefined {
    return isAskedOfServer(url) ? this.#options.share : undefined;
  }

  async #failed(
    url: string,
    { code, fault, message, retryAfter }: Extract<FetchOutcome, { kind: 'failed' }>,
    record: UrlRecord,
    isForwarded: boolean,
  ): Promise<FetchFailure> {
    const { notes, warnings } = this.#options;
    if (fault !== 'aborted' && fault !== 'unsupported') {
      warnings.warn('a CRL could not be fetched', hostOf(url), {
        why: message,
        failures: record.failures + 1,
      });
      // A loop that began with one client's request must not affect other requests.
      if (fault !== 'loop' || !isForwarded) await notes.failed(url, { code, message, retryAfter });
    }
    return { url, code, message };
  }
}

/** Whether it is an http URL, rather than a file or an unsupported scheme. */
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
