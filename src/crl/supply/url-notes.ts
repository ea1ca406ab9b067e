import { messageOf } from '../../errors.js';
import { hostOf, type RepeatedWarnings } from '../../repeated-warnings.js';
import type { WantedCrl } from '../../wire/crl.js';
import type { UrlRecord } from '../../wire/ingest.js';
import { retryAt, type RetryLimits } from '../fetch/retry-policy.js';
import { NO_RECORD } from '../store/records/records.js';
import type { UrlRecords } from './url-records.js';

/** The writer of the notes: `IngestHandle`. */
export interface UrlKeeper {
  note(url: string, record: UrlRecord): Promise<void>;
  learn(url: string, wanted: WantedCrl): Promise<void>;
}

export interface UrlNotesOptions {
  readonly records: UrlRecords;
  readonly keeper: UrlKeeper;
  readonly retry: RetryLimits;
  /** Others are served, who name a URL and nothing else: what it is to be asked for is remembered, too. */
  readonly servesOthers: boolean;
  readonly warnings: RepeatedWarnings;
  /** ms since 1970. */
  readonly now: () => number;
  readonly random: () => number;
}

interface Fetched {
  readonly validators: Pick<UrlRecord, 'etag' | 'lastModified'>;
  /** The key of the CRL that it had. */
  readonly crl: string | undefined;
  /** ms that the answer had lain in caches on the way. */
  readonly age: number | undefined;
  readonly wanted: WantedCrl;
  /** Set if the answer came from another host. */
  readonly secondHand?: UrlRecord['secondHand'];
}

interface Failed {
  readonly code: string;
  readonly message: string;
  readonly retryAfter?: number | undefined;
  /** SHA-256 of refused content. */
  readonly digest?: string;
}

/** Remembers in the store, for all processes, what became of URLs. */
export class UrlNotes {
  readonly #options: UrlNotesOptions;

  constructor(options: UrlNotesOptions) {
    this.#options = options;
  }

  async fetched(url: string, { validators, crl, age, wanted, secondHand }: Fetched): Promise<void> {
    const { keeper, servesOthers, now } = this.#options;
    await keeper.note(url, {
      ...NO_RECORD,
      ...validators,
      fetchedAt: now(),
      ...(crl !== undefined && { crl }),
      ...(age !== undefined && { age }),
      ...(secondHand !== undefined && { secondHand }),
      ...(servesOthers && { wanted: withoutSource(wanted) }),
    });
  }

  /**
   * Before what it has is looked into: a process that dies of that leaves word of it. Returns what takes the word back.
   */
  async checking(url: string): Promise<() => Promise<void>> {
    const { records, keeper, now } = this.#options;
    const record = withoutChecking(records.urlRecord(url) ?? NO_RECORD);
    await keeper.note(url, { ...record, checking: now() });
    return () => keeper.note(url, record);
  }

  async failed(name: string, failure: Failed): Promise<void> {
    const { records, retry, keeper, now, random } = this.#options;
    const record = records.urlRecord(name) ?? NO_RECORD;
    const failures = record.failures + 1;
    const failedAt = now();
    const again = retryAt({ count: failures, at: failedAt, retryAfter: failure.retryAfter }, retry, random());
    const { code, message, digest } = failure;
    const { refused: _, ...rest } = withoutChecking(record);
    await keeper.note(name, {
      ...rest,
      failures,
      failedAt,
      retryAt: again,
      code,
      message,
      ...(digest !== undefined && { refused: digest }),
    });
  }

  /**
   * Its present content was refused for a want whose earlier CRL stays in use. The time of the next attempt does not
   * change.
   */
  async refused(url: string, { code, message }: Failed): Promise<void> {
    const { records, keeper, now } = this.#options;
    const record = withoutChecking(records.urlRecord(url) ?? NO_RECORD);
    const count = (record.refusal?.count ?? 0) + 1;
    await keeper.note(url, { ...record, refusal: { code, message, count, at: now() } });
  }

  /** A verified chain names it: where it was never asked, it is remembered for what it may be. Never rejects. */
  async learn(url: string, wanted: WantedCrl): Promise<void> {
    const { records, keeper, servesOthers, warnings } = this.#options;
    if (!servesOthers || !/^https?:/i.test(url) || records.urlRecord(url)?.wanted !== undefined) return;
    try {
      await keeper.learn(url, withoutSource(wanted));
    } catch (error) {
      warnings.warn('a URL of CRLs could not be remembered', hostOf(url), { url, error: messageOf(error) });
    }
  }
}

function withoutChecking(record: UrlRecord): UrlRecord {
  const { checking, ...rest } = record;
  return checking === undefined ? record : rest;
}

/** For whatever URL it is kept under. */
function withoutSource({ issuer, uris, isDelta, signers }: WantedCrl): WantedCrl {
  return { issuer, uris, isDelta, signers };
}
