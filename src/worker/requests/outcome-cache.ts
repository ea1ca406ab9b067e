import { type Linked, LinkedList } from '../../linked-list.js';
import { NumberMap } from '../../number-map.js';
import type { CacheLifetime, Task } from '../../wire/task.js';

export interface OutcomeCacheOptions {
  /** Outcomes kept, and their bytes; 0 of either turns the cache off. */
  readonly max: number;
  readonly maxBytes: number;
  /** ms since 1970. */
  now(): number;
  /** ms, by the monotonic clock. */
  elapsed(): number;
  /** The current version of the data that outcomes depend on; see `CacheLifetime`. */
  epoch(): number;
}

/** An outcome, and the task that it answers; a member of the list in the order of use, and of the list of its place. */
interface Entry extends Linked<Entry> {
  readonly name: string;
  readonly scope: number;
  readonly place: number;
  /** The task's body followed by the outcome's: a view of a slab. */
  bytes: Buffer;
  /** The serial number of the slab. */
  slab: number;
  /** The length of the task's body. */
  readonly length: number;
  readonly keep: CacheLifetime;
  /** The end of its time by the monotonic clock. */
  readonly end: number;
  /** The next entry of the same place. */
  beside: Entry | undefined;
}

/** Larger bodies are not cached: each would take the room of many others. */
const MAX_BODY = 128 * 1024;
/** Bytes of an entry besides its bodies, roughly. */
const ENTRY_OVERHEAD_OCTETS = 256;
/** Entries are put into slabs one after the other: a buffer for each would cost more than copying. */
const SLAB_OCTETS = 64 * 1024;
/** The least number of slabs. */
const MIN_SLABS = 8;
/** Octets of a body that its place is computed from: some spread over all of it, and those at its end. */
const SPREAD_OCTETS = 32;
const TAIL_OCTETS = 48;
const FNV_PRIME = 0x01_00_01_93;
/** The most entries that share a place. */
const MAX_BESIDE = 8;

/**
 * Outcomes by the exact request: the whole task is kept and compared, which costs a tenth of a digest. An entry is
 * valid from its making until its time is over, by the wall clock and by the monotonic clock, or the epoch has changed.
 * So a wall clock that was ahead, or is set back, does not make it last longer. Places lead to entries; entries are
 * linked in the order of their use:
 *
 *     place   sample of the body ▶ entry ─beside▶ entry
 *     evict ◀── [ unused … used last ] ◀── hit, or put
 */
export class OutcomeCache {
  readonly #options: OutcomeCacheOptions;
  readonly #places = new NumberMap<Entry>();
  readonly #entries = new LinkedList<Entry>();
  #bytes = 0;
  readonly #slabSize: number;
  #slab = Buffer.alloc(0);
  #slabs = 0;
  /** How much of the last slab is filled. */
  #filled = 0;
  #hits = 0;
  #misses = 0;

  constructor(options: OutcomeCacheOptions) {
    this.#options = options;
    this.#slabSize = Math.min(SLAB_OCTETS, Math.floor(options.maxBytes / MIN_SLABS));
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The outcome's body; `undefined` where it is not known. */
  get(task: Task): Uint8Array | undefined {
    if (!this.#takes(task)) return undefined;
    const entry = this.#find(task, placeOf(task.body));
    if (entry !== undefined) {
      if (this.#holds(entry)) {
        this.#touch(entry);
        this.#hits++;
        return entry.bytes.subarray(entry.length);
      }
      this.#drop(entry);
    }
    this.#misses++;
    return undefined;
  }

  /** Keeps copies of both bodies. */
  put(task: Task, outcome: Uint8Array, keep: CacheLifetime): void {
    const { name, body, scope = 0 } = task;
    const now = this.#options.now();
    if (now < keep.since || now >= keep.until || !this.#takes(task)) return;
    const place = placeOf(body);
    const before = this.#find(task, place);
    if (before !== undefined) this.#drop(before);
    const bytes = this.#room(body.length + outcome.length);
    bytes.set(body);
    bytes.set(outcome, body.length);
    const entry: Entry = {
      name,
      scope,
      place,
      bytes,
      slab: this.#slabs,
      length: body.length,
      keep,
      end: this.#options.elapsed() + (keep.until - now),
      previous: undefined,
      next: undefined,
      beside: undefined,
    };
    this.#add(entry);
    for (let { first } = this.#entries; first && this.#isFull; { first } = this.#entries) this.#drop(first);
  }

  #holds({ keep, end }: Entry): boolean {
    const options = this.#options;
    const now = options.now();
    const isInTime = keep.since <= now && now < keep.until && options.elapsed() < end;
    return isInTime && keep.epoch === options.epoch();
  }

  /**
   * Entries in use move to a new slab when the others of theirs are gone; otherwise each of them could keep a whole
   * slab alive.
   */
  #touch(entry: Entry): void {
    this.#entries.remove(entry);
    this.#entries.append(entry);
    if ((this.#slabs - entry.slab) * this.#slabSize <= this.#bytes / 2) return;
    const bytes = this.#room(entry.bytes.length);
    bytes.set(entry.bytes);
    entry.bytes = bytes;
    entry.slab = this.#slabs;
  }

  #room(size: number): Buffer {
    if (size > this.#slabSize / 2) return Buffer.allocUnsafeSlow(size);
    if (this.#filled + size > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(this.#slabSize);
      this.#slabs++;
      this.#filled = 0;
    }
    this.#filled += size;
    return this.#slab.subarray(this.#filled - size, this.#filled);
  }

  get #isFull(): boolean {
    return this.#entries.size > this.#options.max || this.#bytes > this.#options.maxBytes;
  }

  #takes({ body }: Task): boolean {
    const { max, maxBytes } = this.#options;
    return max > 0 && maxBytes > 0 && body.length <= MAX_BODY;
  }

  #find({ name, body, scope = 0 }: Task, place: number): Entry | undefined {
    let entry = this.#places.get(place);
    while (entry && !(entry.name === name && entry.scope === scope && holds(entry, body)))
      entry = entry.beside;
    return entry;
  }

  #add(entry: Entry): void {
    entry.beside = this.#places.get(entry.place);
    this.#places.set(entry.place, entry);
    this.#entries.append(entry);
    this.#bytes += sizeOf(entry);
    let last: Entry | undefined = entry;
    for (let n = 0; last && n < MAX_BESIDE; n++) last = last.beside;
    if (last) this.#drop(last);
  }

  #drop(entry: Entry): void {
    const head = this.#places.get(entry.place);
    if (head === entry) {
      if (entry.beside) this.#places.set(entry.place, entry.beside);
      else this.#places.delete(entry.place);
    } else {
      let before = head;
      while (before && before.beside !== entry) before = before.beside;
      if (before) before.beside = entry.beside;
    }
    entry.beside = undefined;
    this.#entries.remove(entry);
    this.#bytes -= sizeOf(entry);
  }
}

/** A number that different bodies rarely share, computed from octets in which certificates differ. */
function placeOf(body: Uint8Array): number {
  const { length } = body;
  const step = Math.max(1, Math.floor(length / SPREAD_OCTETS));
  let place = length;
  for (let at = step >> 1; at < length; at += step) place = Math.imul(place ^ (body[at] ?? 0), FNV_PRIME);
  for (let at = Math.max(0, length - TAIL_OCTETS); at < length; at++)
    place = Math.imul(place ^ (body[at] ?? 0), FNV_PRIME);
  return place;
}

function holds({ bytes, length }: Entry, body: Uint8Array): boolean {
  return length === body.length && bytes.compare(body, 0, length, 0, length) === 0;
}

function sizeOf({ bytes }: Entry): number {
  return bytes.length + ENTRY_OVERHEAD_OCTETS;
}
