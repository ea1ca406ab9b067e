import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { FolderCrl } from '../../wire/crl.js';
import type { CrlSummary, IngestOutcome, IngestProgress, IngestRequest } from '../../wire/ingest.js';
import { LEASE, type LeaseKeeper, whileLeased } from './store-lease.js';

/** The writer of the store: `IngestHandle`. */
interface FolderKeeper extends LeaseKeeper {
  ingest(request: IngestRequest, progress: (progress: IngestProgress) => void): Promise<IngestOutcome>;
  remove(key: string): Promise<boolean>;
}

export interface FolderIntakeOptions {
  /** `crl.directory` */
  readonly folder: string;
  /** ms: `crl.rescan` */
  readonly rescan: number;
  readonly keeper: FolderKeeper;
  /** `CrlStore` */
  readonly store: { renew(): void; epoch(): number; list(): readonly CrlSummary[] };
  readonly log: Logger;
}

/** The least between two looks at what has gone, and between two words on the progress of a file, ms. */
const LOOK_PERIOD_MS = 1000;
const TELL = 5000;

/**
 * Takes large files of the folder into the store, each by one process, and out again when they are gone. Task threads
 * tell of them, for they know who may have signed a CRL.
 */
export class FolderIntake {
  readonly #options: FolderIntakeOptions;
  readonly #folder: string;
  readonly #running = new Set<string>();
  /** By path, the files that the store refused, so that they are not read again and again. */
  readonly #refused = new Map<string, string>();
  #known: { readonly epoch: number; readonly crls: readonly CrlSummary[] } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: FolderIntakeOptions) {
    this.#options = options;
    this.#folder = resolve(options.folder);
    this.#setTimer();
  }

  /** A file in hand is not taken up again. */
  take(crl: FolderCrl): void {
    const { path } = crl;
    if (this.#isClosed || this.#running.has(path) || dirname(path) !== this.#folder) return;
    this.#running.add(path);
    void this.#take(crl)
      .catch((error: unknown) => {
        this.#warn('a file of crl.directory could not be taken into the store', path, error);
      })
      .finally(() => this.#running.delete(path));
  }

  /** An ingestion that has begun is left to the ingest thread. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #take({ path, signers }: FolderCrl): Promise<void> {
    const { keeper } = this.#options;
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs} ${size} ${ino} ${signers.length}`;
    if (this.#refused.get(path) === version) return;
    const lease = `folder ${path}`;
    if (!(await keeper.acquireLease(lease, LEASE))) return;
    const doubt = (error: unknown): void => {
      this.#warn('a lease of the CRL store is in doubt', path, error);
    };
    await whileLeased(keeper, lease, doubt, async () => {
      const outcome = await keeper.ingest({ content: { path }, source: path, signers }, this.#teller(path));
      if (outcome.kind === 'stored') await this.#stored(path, outcome);
      else this.#declined(path, version, outcome);
    });
  }

  async #stored(path: string, { crl, warning }: Extract<IngestOutcome, { kind: 'stored' }>): Promise<void> {
    const { log } = this.#options;
    this.#refused.delete(path);
    const { number, thisUpdate, entries } = crl;
    const fields = {
      file: path,
      number: number?.toString(),
      of: new Date(thisUpdate).toISOString(),
      entries,
    };
    log.info('a CRL of crl.directory was stored', fields);
    if (warning !== undefined) log.warn(warning, { file: path });
    // The file had another issuer's before, perhaps.
    for (const other of this.#ofFolder()) {
      if (other.source === path && other.key !== crl.key) await this.#remove(other);
    }
  }

  #declined(path: string, version: string, outcome: Exclude<IngestOutcome, { kind: 'stored' }>): void {
    if (outcome.kind === 'refused') {
      this.#options.log.warn('a CRL of crl.directory was not stored', {
        file: path,
        code: outcome.code,
        why: outcome.message,
      });
      if (outcome.code === 'STORE_FAILED') return;
    } else if (outcome.crl?.source === path) return;
    this.#refused.set(path, version);
  }

  #teller(path: string): (progress: IngestProgress) => void {
    let toldAt = performance.now();
    return ({ done, total }) => {
      if (performance.now() - toldAt < TELL) return;
      toldAt = performance.now();
      const share = `${Math.floor((100 * done) / total)} %`;
      this.#options.log.info('a CRL of crl.directory is being stored', { file: path, done: share });
    };
  }

  #setTimer(): void {
    this.#timer = setTimeout(
      () => {
        void this.#removeGone()
          .catch((error: unknown) => {
            this.#warn('whether files of crl.directory are gone is not known', this.#folder, error);
          })
          .finally(() => {
            if (!this.#isClosed) this.#setTimer();
          });
      },
      Math.max(LOOK_PERIOD_MS, this.#options.rescan),
    ).unref();
  }

  /** A folder that cannot be read tells nothing of its files. */
  async #removeGone(): Promise<void> {
    const crls = this.#ofFolder();
    if (crls.length === 0) return;
    const names = new Set(await readdir(this.#folder));
    for (const crl of crls) {
      if (!names.has(basename(crl.source)) && !this.#running.has(crl.source)) await this.#remove(crl);
    }
    for (const path of this.#refused.keys()) if (!names.has(basename(path))) this.#refused.delete(path);
  }

  async #remove({ key, source }: CrlSummary): Promise<void> {
    const { keeper, log } = this.#options;
    if (await keeper.remove(key)) log.info('a CRL went with its file', { file: source });
  }

  #ofFolder(): readonly CrlSummary[] {
    const { store } = this.#options;
    store.renew();
    const epoch = store.epoch();
    if (this.#known?.epoch !== epoch)
      this.#known = { epoch, crls: store.list().filter(({ source }) => dirname(source) === this.#folder) };
    return this.#known.crls;
  }

  #warn(message: string, file: string, thrown: unknown): void {
    if (!this.#isClosed) this.#options.log.warn(message, { file, why: messageOf(thrown) });
  }
}
