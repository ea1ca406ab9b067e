import type { FetchFailure, FetchOrder, FetchReport, WantedCrl } from '../../wire/crl.js';
import { compareAge } from '../store/newer.js';
import { Downloads, type DownloadsOptions } from './downloads.js';
import { Refresher } from './refresher.js';
import type { StoredCrls } from './stored-crls.js';

export interface CrlServiceOptions extends DownloadsOptions {
  readonly random: () => number;
  /** Where a wanted CRL may be had, in order: configured sources, then its distribution point. */
  readonly urlsOf: (wanted: WantedCrl) => readonly string[];
}

/** What was fetched so many ms ago is not asked for again, whatever is still missing. */
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
      supply: (wanted, since) => this.#supply(wanted, (url) => this.#downloads.get(url, wanted, since)),
      now,
      random,
    });
  }

  /** Why CRLs did not come, within so many ms; what goes on beyond that serves whoever asks next. Never rejects. */
  async supply(
    wanted: readonly WantedCrl[],
    patience: number,
    via?: string,
  ): Promise<readonly FetchFailure[]> {
    const { now, refresh } = this.#options;
    const since = now() - Math.min(NEW_ENOUGH, refresh / 2);
    const late = new Promise<'late'>((resolve) => {
      setTimeout(resolve, patience, 'late').unref();
    });
    const failures = wanted.map((each) =>
      this.#supply(each, async (url) => {
        const failure = await Promise.race([late, this.#downloads.get(url, each, since, via)]);
        if (failure !== 'late') return failure;
        return {
          url,
          code: 'FETCH_FAILED',
          message: `${url}: it had not come after ${patience} ms (crl.wait)`,
        };
      }),
    );
    return (await Promise.all(failures)).flat();
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
  async heed(url: string): Promise<'done' | 'again'> {
    const wanted = this.#refresher.byUrl.get(url) ?? [];
    const outcomes = await Promise.all(wanted.map((each) => this.#downloads.heed(url, each)));
    return outcomes.includes('again') ? 'again' : 'done';
  }

  /** What is in use, as it would be fetched. */
  get inUse(): readonly FetchOrder[] {
    return [...this.#refresher.byUrl].flatMap(([url, wanted]) =>
      wanted.map((each) => ({ wanted: each, urls: [url] })),
    );
  }

  /** One URL after the other, until one has it, whatever is known of them. Never rejects. */
  async fetchNow({ wanted, urls }: FetchOrder): Promise<FetchReport> {
    const { stored } = this.#options;
    const failures: FetchFailure[] = [];
    for (const url of urls) {
      stored.renew();
      const before = stored.newest(wanted, [url]);
      const failure = await this.#downloads.getNow(url, wanted);
      if (failure !== undefined) {
        failures.push(failure);
        continue;
      }
      stored.renew();
      const after = stored.newest(wanted, [url]);
      const isNew = after !== undefined && (before === undefined || compareAge(after, before) !== 'same');
      return { failures, taken: { url, isNew, crl: after === undefined ? null : facts(after) } };
    }
    return { failures };
  }

  async close(): Promise<void> {
    this.#refresher.close();
    await this.#downloads.close();
  }

  /** One URL after the other, until one has it. */
  async #supply(
    wanted: WantedCrl,
    get: (url: string) => Promise<FetchFailure | undefined>,
  ): Promise<readonly FetchFailure[]> {
    const failures: FetchFailure[] = [];
    for (const url of this.#options.urlsOf(wanted)) {
      const failure = await get(url);
      if (failure === undefined) return [];
      failures.push(failure);
    }
    return failures;
  }
}

function facts({ number, thisUpdate, nextUpdate }: NonNullable<ReturnType<StoredCrls['newest']>>) {
  return { number: number?.toString() ?? null, thisUpdate, nextUpdate };
}
