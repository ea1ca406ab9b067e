import { randomBytes } from 'node:crypto';
import { type HashKey, hashKey } from '../../x509/keyed-hash.js';
import type { Name } from '../../x509/name.js';
import { isKept } from './der-files.js';
import type { WritableEnvironment } from './environment.js';
import { issuerTables } from './issuer-table.js';
import {
  crlOf,
  EPOCH_KEY,
  floorKey,
  FORMAT_KEY,
  GENERATION_KEY,
  garbageKey,
  headKey,
  headsOf,
  isMarkKey,
  issuerTableKey,
  markKey,
  pendingKey,
  unclearKey,
  useKey,
} from './records/keys.js';
import type { MarkJournal } from './notes/mark-journal.js';
import { MarkKeeper } from './notes/mark-keeper.js';
import { contentOf, latestOf, type Mark, markBytes, type ScopeMark } from './notes/marks.js';
import { NoteWriter, quietly } from './notes/note-writer.js';
import { numberBytes, numberOf } from './records/numbers.js';
import { type HeldCrl, heldCrl, type Place, placeOf } from './place.js';
import {
  FORMAT,
  formatBytes,
  type Head,
  headBytes,
  pendingBytes,
  readFormat,
  readHead,
  scopeOfHead,
} from './records/records.js';
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
      /** The CRLs that stay beside it, since neither is newer. */
      readonly beside: readonly HeldCrl[];
    }
  | { readonly isStored: false; readonly place: Exclude<Place, { kind: 'new' }> };

/**
 * The store for the thread that writes it. Every change is one transaction, or becomes visible by one: a process that
 * dies anywhere leaves the old state or the new. Errors are `StoreError`.
 */
export class StoreWriter extends NoteWriter {
  readonly hash: HashKey;
  readonly #marks: MarkKeeper;
  readonly #now: () => number;

  private constructor(
    environment: WritableEnvironment,
    hash: HashKey,
    journal: MarkJournal,
    now: () => number,
  ) {
    super(environment, now);
    this.hash = hash;
    this.#marks = new MarkKeeper(environment, journal, now);
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
      for (const { kind, key, mark } of journal.read())
        environment.put(kind === 'mark' ? markKey(key) : floorKey(key), markBytes(mark));
      environment.put(FORMAT_KEY, formatBytes({ format: FORMAT, secret: made }));
      return made;
    });
    return new StoreWriter(environment, hashKey(secret), journal, now);
  }

  /** The mark of the scope that has this key, or had it: see `MarkKeeper`. Throws STORE_ODD. */
  mark(key: Buffer, signerId: string): ScopeMark | undefined {
    return this.#marks.mark(key, signerId);
  }

  /** The CRLs of the scope that has this key. Throws STORE_ODD. */
  held(key: Buffer, issuer: Name): readonly HeldCrl[] {
    return this.environment.entries(headsOf(issuer.key)).flatMap((entry) => {
      const own = crlOf(entry.key);
      const head = readHead(entry.value);
      const isHeld = own.equals(key) || (head.beside !== undefined && key.equals(head.beside));
      return isHeld ? [heldCrl(own, head, this.#now())] : [];
    });
  }

  /** A generation for a new CRL: readers do not see what is written under it until the switch. */
  async begin(): Promise<number> {
    const { environment } = this;
    return environment.transaction(() => {
      const generation = generationIn(environment) + 1;
      environment.put(GENERATION_KEY, numberBytes(generation));
      environment.put(pendingKey(generation), pendingBytes({ pid: process.pid, since: this.#now() }));
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

  /** Makes the CRL visible, and those that it replaces garbage, unless it is not newer. */
  async switchTo({ key, issuer, head, mark }: Candidate): Promise<SwitchOutcome> {
    const { environment } = this;
    const { generation, signerId } = head;
    const content = contentOf(head.header);
    this.#marks.announce(key, { ...mark, content, signerId });
    return environment.transaction(() => {
      if (environment.get(pendingKey(generation)) === undefined) {
        throw new StoreError('STORE_FAILED', 'the CRL took so long to write that it was given up meanwhile');
      }
      const newest = this.mark(key, signerId);
      const place = placeOf(key, { ...head, mark }, this.held(key, issuer), newest);
      const isGap = place.kind === 'present' && this.#isGap(place.held.head, head);
      if (place.kind !== 'new' && !isGap) {
        environment.remove(pendingKey(generation));
        environment.put(garbageKey(generation), EMPTY);
        if (place.kind === 'tooMany') this.#dispute(key, signerId, place.disputed);
        return { isStored: false, place };
      }
      const { key: own, replaces, beside } = place.kind === 'new' ? place : inPlaceOf(place.held);
      const bytes = headBytes(own.equals(key) ? head : { ...head, beside: key });
      environment.remove(pendingKey(generation));
      for (const one of replaces) {
        environment.put(garbageKey(one.head.generation), EMPTY);
        environment.remove(headKey(issuer.key, one.key));
        environment.remove(unclearKey(headKey(issuer.key, one.key)));
        environment.remove(useKey(one.key));
      }
      if (place.kind === 'new') this.#marks.put(key, { ...mark, content, signerId }, newest, place.disputed);
      environment.put(useKey(own), numberBytes(this.#now()));
      environment.put(headKey(issuer.key, own), bytes);
      if (!issuer.isComparable) environment.put(unclearKey(headKey(issuer.key, own)), EMPTY);
      this.#countEpoch();
      return { isStored: true, key: own, beside };
    });
  }

  /** One more CRL of a scope cannot be ordered, and is not kept: see `ScopeMark`. */
  async dispute(key: Buffer, signerId: string, disputed: Mark): Promise<void> {
    await this.environment.transaction(() => this.#dispute(key, signerId, disputed));
  }

  /** Removes a generation that will not be used; does nothing if it was switched to after all. */
  async abandon(generation: number): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      if (environment.get(pendingKey(generation)) === undefined) return;
      environment.remove(pendingKey(generation));
      environment.put(garbageKey(generation), EMPTY);
    });
  }

  /** Removes generations that no record refers to. */
  async discard(generations: readonly number[]): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      for (const generation of generations) environment.put(garbageKey(generation), EMPTY);
    });
  }

  /** Takes CRLs out, by their heads' keys, as an operator wants it; that older ones stay out is all that is left. */
  async remove(keys: readonly Buffer[]): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      for (const key of keys) {
        const bytes = environment.get(key);
        const head = bytes && quietly(() => readHead(bytes));
        if (head === undefined) continue;
        this.#removeHead(key, head.generation);
        this.#marks.forgetContent(scopeOfHead(key, head), contentOf(head.header));
      }
      this.#countEpoch();
    });
  }

  /** The same for all CRLs of each scope, to make room: what one of several that cannot be ordered listed stays in doubt. */
  async evict(scopes: readonly EvictedScope[]): Promise<void> {
    const lost = scopes.map(({ heads, isDisputed }) => {
      const marks = heads.map(({ key, head }) => heldCrl(crlOf(key), head, this.#now()).mark);
      if (!isDisputed && marks.length < 2) return undefined;
      return latestOf(marks.filter(({ thisUpdate }) => thisUpdate > -Infinity));
    });
    await this.environment.transaction(() => {
      for (const [index, { heads }] of scopes.entries()) {
        for (const { key, head } of heads) this.#removeHead(key, head.generation);
        const [first] = heads;
        const disputed = lost[index];
        if (first !== undefined && disputed !== undefined)
          this.#marks.dispute(scopeOfHead(first.key, first.head), first.head.signerId, disputed);
      }
      this.#countEpoch();
    });
  }

  /** See `MarkKeeper`. */
  async raiseFloor(floor: Buffer, given: readonly Buffer[]): Promise<void> {
    await this.environment.transaction(() => this.#marks.raiseFloor(floor, given));
  }

  /** Shortens the journal, where it has grown long. */
  compactJournal(): void {
    this.#marks.compactJournal();
  }

  /** Notes of heads that their issuers' names cannot be compared. */
  async noteUnclear(heads: readonly Buffer[]): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      for (const key of heads) environment.put(unclearKey(key), EMPTY);
      this.#countEpoch();
    });
  }

  /** Takes records out, whatever they are. */
  async drop(keys: readonly Buffer[]): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      for (const key of keys) environment.remove(key);
    });
  }

  /** Takes out records that are odd; in place of a mark stands one that keeps out what may be older. */
  async replaceOdd(keys: readonly Buffer[]): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      for (const key of keys) {
        if (isMarkKey(key)) this.#marks.replaceOdd(key);
        else environment.remove(key);
      }
      this.#countEpoch();
    });
  }

  #dispute(key: Buffer, signerId: string, disputed: Mark): void {
    this.#marks.dispute(key, signerId, disputed);
    this.#countEpoch();
  }

  #removeHead(key: Buffer, generation: number): void {
    const { environment } = this;
    environment.put(garbageKey(generation), EMPTY);
    environment.remove(key);
    environment.remove(unclearKey(key));
    environment.remove(useKey(crlOf(key)));
  }

  /** The stored CRL lacks its bytes, which this one has. */
  #isGap(previous: Head, { derBytes }: Head): boolean {
    return derBytes > 0 && !isKept(this.environment.path, previous);
  }

  #countEpoch(): void {
    const { environment } = this;
    const epoch = quietly(() => numberOf(environment.get(EPOCH_KEY))) ?? this.#now();
    environment.put(EPOCH_KEY, numberBytes(epoch + 1));
  }
}

/** The same CRL again, with the bytes that the stored one lacks. */
function inPlaceOf(held: HeldCrl): Omit<Extract<Place, { kind: 'new' }>, 'kind'> {
  return { key: held.key, replaces: [held], beside: [], disputed: undefined };
}

/** A head as it lies in the environment. */
export interface StoredHead {
  /** The whole key. */
  readonly key: Buffer;
  readonly head: Head;
}

export interface EvictedScope {
  readonly heads: readonly StoredHead[];
  /** There are more CRLs of it that are gone; true as well where there are several. */
  readonly isDisputed?: boolean;
}

/** Without it new CRLs would take the places of others. Throws STORE_DAMAGED. */
function generationIn(environment: WritableEnvironment): number {
  const generation = quietly(() => numberOf(environment.get(GENERATION_KEY)));
  if (generation !== undefined) return generation;
  throw new StoreError('STORE_DAMAGED', 'the CRL store does not know its last generation');
}

const EMPTY = Buffer.of(0);
