import { randomBytes } from 'node:crypto';
import { isIssued } from '../../verify/crl-freshness.js';
import type { WantedCrl } from '../../wire/crl.js';
import type { UrlRecord } from '../../wire/ingest.js';
import { type HashKey, hashKey } from '../../x509/keyed-hash.js';
import type { Name } from '../../x509/name.js';
import { isKept } from './der-files.js';
import { WritableEnvironment } from './environment.js';
import { issuerTables } from './issuer-table.js';
import {
  crlOf,
  EPOCH_KEY,
  FORMAT_KEY,
  GENERATION_KEY,
  garbageKey,
  headKey,
  headsOf,
  issuerTableKey,
  leaseKey,
  markKey,
  pendingKey,
  urlKey,
  useKey,
} from './keys.js';
import type { MarkJournal } from './mark-journal.js';
import { compareAge } from './newer.js';
import { numberBytes, numberOf } from './numbers.js';
import { pastTime } from './past-times.js';
import { type HeldCrl, heldCrl, type Place, placeOf } from './place.js';
import {
  FORMAT,
  type Head,
  type Mark,
  markBytes,
  NO_RECORD,
  readFormat,
  readHead,
  readLease,
  readMark,
  readUrlRecord,
  toBytes,
} from './records.js';
import { StoreError } from './store-error.js';

/** A CRL whose buckets are written, ready to be switched to. */
export interface Candidate {
  readonly key: Buffer;
  readonly issuer: Name;
  readonly head: Head;
  readonly mark: Mark;
}

export type SwitchOutcome =
  | {
      readonly isStored: true;
      readonly key: Buffer;
      /** What stays beside it, for neither is the newer one. */
      readonly beside: readonly HeldCrl[];
    }
  | { readonly isStored: false; readonly place: Exclude<Place, { kind: 'new' }> };

/** A lease lasts no longer, ms. */
const MAX_LEASE = 10 * 60_000;

/**
 * The store for the thread that writes it. Every change is one transaction, or becomes visible by one: a process that
 * dies anywhere leaves the old state or the new. Errors are `StoreError`.
 */
export class StoreWriter {
  readonly environment: WritableEnvironment;
  readonly hash: HashKey;
  readonly #journal: MarkJournal;
  readonly #holder = randomBytes(8).toString('hex');
  readonly #now: () => number;

  private constructor(
    environment: WritableEnvironment,
    hash: HashKey,
    journal: MarkJournal,
    now: () => number,
  ) {
    this.environment = environment;
    this.hash = hash;
    this.#journal = journal;
    this.#now = now;
  }

  /** A new environment gets the marks of the journal. */
  static async open(
    environment: WritableEnvironment,
    journal: MarkJournal,
    now: () => number,
  ): Promise<StoreWriter> {
    const secret = await environment.transaction(() => {
      const known = environment.get(FORMAT_KEY);
      if (known !== undefined) return readFormat(known).secret;
      const made = randomBytes(8);
      // Epochs of an environment before this one are all less.
      environment.put(EPOCH_KEY, numberBytes(now()));
      for (const [key, mark] of journal.read())
        environment.put(markKey(Buffer.from(key, 'hex')), markBytes(mark));
      environment.put(FORMAT_KEY, toBytes({ format: FORMAT, secret: made }));
      return made;
    });
    return new StoreWriter(environment, hashKey(secret), journal, now);
  }

  /**
   * Of the CRL that has this key, or had it. One that was issued at a time to come was taken by a clock that was
   * ahead, and keeps out none that is issued now.
   */
  mark(key: Buffer): Mark | undefined {
    const bytes = this.environment.get(markKey(key));
    const mark = bytes && readMark(bytes);
    return mark !== undefined && isIssued(mark.thisUpdate, { now: this.#now() }) ? mark : undefined;
  }

  /** The CRLs of the scope that has this key. */
  held(key: Buffer, issuer: Name): readonly HeldCrl[] {
    return this.environment.entries(headsOf(issuer.key)).flatMap((entry) => {
      const own = crlOf(entry.key);
      const head = readHead(entry.value);
      const isHeld = own.equals(key) || (head.beside !== undefined && key.equals(head.beside));
      return isHeld ? [heldCrl(own, head, this.#now())] : [];
    });
  }

  /** A generation for a new CRL: what is written under it is found by nobody until the switch. */
  async begin(): Promise<number> {
    const { environment } = this;
    return environment.transaction(() => {
      const generation = numberOf(environment.get(GENERATION_KEY)) + 1;
      environment.put(GENERATION_KEY, numberBytes(generation));
      environment.put(pendingKey(generation), toBytes({ pid: process.pid, since: this.#now() }));
      return generation;
    });
  }

  /** In a new generation: which issuers its entries speak of. */
  async writeIssuers(generation: number, issuers: ReadonlyMap<string, number>): Promise<void> {
    const { environment } = this;
    const tables = issuerTables(issuers);
    await environment.transaction(() => {
      for (const [number, table] of tables.entries())
        environment.put(issuerTableKey(generation, number), table);
    });
  }

  /** Makes the CRL visible, and those that it replaces garbage, unless it is no newer. */
  async switchTo({ key, issuer, head, mark }: Candidate): Promise<SwitchOutcome> {
    const { environment } = this;
    const { generation } = head;
    this.#journal.append(key, mark);
    return environment.transaction(() => {
      if (environment.get(pendingKey(generation)) === undefined) {
        throw new StoreError('STORE_FAILED', 'the CRL took so long to write that it was given up meanwhile');
      }
      const newest = this.mark(key);
      const place = placeOf(key, { ...head, mark }, this.held(key, issuer), newest);
      const isGap = place.kind === 'present' && this.#isGap(place.held.head, head);
      environment.remove(pendingKey(generation));
      if (place.kind === 'older' || (place.kind === 'present' && !isGap)) {
        environment.put(garbageKey(generation), EMPTY);
        return { isStored: false, place };
      }
      const { key: own, replaces, beside } = place.kind === 'new' ? place : inPlaceOf(place.held);
      for (const one of replaces) {
        environment.put(garbageKey(one.head.generation), EMPTY);
        environment.remove(headKey(issuer.key, one.key));
      }
      if (compareAge(mark, newest).startsWith('newer')) environment.put(markKey(key), markBytes(mark));
      environment.put(useKey(own), numberBytes(this.#now()));
      environment.put(headKey(issuer.key, own), toBytes(own.equals(key) ? head : { ...head, beside: key }));
      this.#countEpoch();
      return { isStored: true, key: own, beside };
    });
  }

  /** Of a generation that will not be switched to; nothing for one that was, after all. */
  async abandon(generation: number): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      if (environment.get(pendingKey(generation)) === undefined) return;
      environment.remove(pendingKey(generation));
      environment.put(garbageKey(generation), EMPTY);
    });
  }

  /** Of generations that no record speaks of. */
  async discard(generations: readonly number[]): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      for (const generation of generations) environment.put(garbageKey(generation), EMPTY);
    });
  }

  /** Takes CRLs out, by their heads' keys; their marks stay. */
  async remove(heads: readonly Buffer[]): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      for (const key of heads) {
        const bytes = environment.get(key);
        if (bytes === undefined) continue;
        environment.put(garbageKey(readHead(bytes).generation), EMPTY);
        environment.remove(key);
      }
      this.#countEpoch();
    });
  }

  async noteUse(key: Buffer): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      environment.put(useKey(key), numberBytes(this.#now()));
    });
  }

  async noteUrl(url: string, record: UrlRecord): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      environment.put(urlKey(url), toBytes(record));
    });
  }

  /** What it is named for, where nothing of that is known: in one transaction, for others note what they fetched. */
  async learnUrl(url: string, wanted: WantedCrl): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      const bytes = environment.get(urlKey(url));
      const record = bytes === undefined ? NO_RECORD : readUrlRecord(bytes);
      if (record.wanted === undefined) environment.put(urlKey(url), toBytes({ ...record, wanted }));
    });
  }

  /** Is the lease this process's now? It ends by itself after `duration` ms, however its holder ends. */
  async acquireLease(name: string, duration: number): Promise<boolean> {
    const { environment } = this;
    const lasting = Math.min(duration, MAX_LEASE);
    return environment.transaction(() => {
      const now = this.#now();
      const bytes = environment.get(leaseKey(name));
      const lease = bytes && readLease(bytes);
      const isHeld = lease !== undefined && pastTime(lease.since, now) > -Infinity && lease.until > now;
      if (isHeld && lease.holder !== this.#holder) return false;
      environment.put(leaseKey(name), toBytes({ holder: this.#holder, since: now, until: now + lasting }));
      return true;
    });
  }

  async releaseLease(name: string): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      const bytes = environment.get(leaseKey(name));
      if (bytes !== undefined && readLease(bytes).holder === this.#holder) environment.remove(leaseKey(name));
    });
  }

  /** What is there lacks the bytes that this one has. */
  #isGap(previous: Head, { derBytes }: Head): boolean {
    return derBytes > 0 && !isKept(this.environment.path, previous);
  }

  #countEpoch(): void {
    const { environment } = this;
    environment.put(EPOCH_KEY, numberBytes(numberOf(environment.get(EPOCH_KEY)) + 1));
  }
}

/** The same CRL again, with bytes that the one at hand lacks. */
function inPlaceOf(held: HeldCrl): Omit<Extract<Place, { kind: 'new' }>, 'kind'> {
  return { key: held.key, replaces: [held], beside: [] };
}

const EMPTY = Buffer.of(0);
