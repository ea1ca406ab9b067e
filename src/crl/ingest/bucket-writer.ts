import type { HashKey } from '../../x509/keyed-hash.js';
import { malformed } from '../../x509/x509-error.js';
import { closeSlot, sealOf, SLOTS, TABLE_WORDS } from '../store/bucket.js';
import { type EntryIndex, RANGE_BITS, RANGE_SLOTS } from './entry-index.js';

/** Words of a bucket; beyond it a CRL lists one certificate over and over. */
const MAX_BUCKET = 4 * 1024 * 1024;
const RANGE_BUCKETS = RANGE_SLOTS / SLOTS;

/** Makes the buckets of a CRL, range by range: a counting sort of a range's entries by slot, which keeps their order. */
export class BucketWriter {
  /** Words that the largest range takes. */
  readonly room: number;
  readonly #index: EntryIndex;
  readonly #seal: number;
  /** By slot of the range in hand: where it starts, and where its next entry goes. */
  readonly #starts = new Int32Array(RANGE_SLOTS);
  readonly #positions = new Int32Array(RANGE_SLOTS);

  constructor(index: EntryIndex, hash: HashKey, generation: number) {
    this.#index = index;
    this.#seal = sealOf(hash, generation, index.buckets);
    this.room = Math.max(...Array.from({ length: this.ranges }, (_, range) => this.#sizeOf(range)));
  }

  get ranges(): number {
    return this.#index.arena.ranges;
  }

  /** The number of a range's first bucket. */
  firstBucket(range: number): number {
    return range * RANGE_BUCKETS;
  }

  /** The buckets of a range in order, in `out`, which has `room`. Throws `X509Error` for one that is too large. */
  write(range: number, out: Int32Array): readonly Uint8Array[] {
    const { arena } = this.#index;
    const stretches = arena.stretches(range);
    const starts = this.#starts;
    const positions = this.#positions;
    starts.fill(0);
    for (const { words, from, to } of stretches) {
      for (let p = from; p < to; p += words[p]! >>> RANGE_BITS)
        starts[words[p]! & (RANGE_SLOTS - 1)]! += (words[p]! >>> RANGE_BITS) - 1;
    }
    this.#layOut(range);
    for (const { words, from, to } of stretches) {
      for (let p = from; p < to;) {
        const head = words[p]!;
        const next = p + (head >>> RANGE_BITS);
        let at = positions[head & (RANGE_SLOTS - 1)]!;
        for (p++; p < next; p++) out[at++] = words[p]!;
        positions[head & (RANGE_SLOTS - 1)] = at;
      }
    }
    return this.#close(range, out);
  }

  #bucketsOf(range: number): number {
    return Math.min(RANGE_BUCKETS, this.#index.buckets - this.firstBucket(range));
  }

  /** An upper bound: one word of each entry stays behind. */
  #sizeOf(range: number): number {
    return this.#index.arena.usedBy(range) + this.#bucketsOf(range) * TABLE_WORDS;
  }

  /** Turns sizes into starts, with room for each bucket's table. */
  #layOut(range: number): void {
    const starts = this.#starts;
    let at = 0;
    for (let slot = 0, end = this.#bucketsOf(range) * SLOTS; slot < end; slot++) {
      if (slot % SLOTS === 0) at += TABLE_WORDS;
      const size = starts[slot]!;
      if (size > MAX_BUCKET) throw malformed('one certificate is listed over and over');
      starts[slot] = at;
      at += size;
    }
    this.#positions.set(starts);
  }

  /** Tables and seals. Each slot's entries end where the next would have gone. */
  #close(range: number, out: Int32Array): readonly Uint8Array[] {
    const starts = this.#starts;
    const positions = this.#positions;
    const first = range * RANGE_SLOTS;
    const buckets: Uint8Array[] = [];
    for (let bucket = 0, end = this.#bucketsOf(range); bucket < end; bucket++) {
      const from = starts[bucket * SLOTS]! - TABLE_WORDS;
      for (let slot = bucket * SLOTS; slot < (bucket + 1) * SLOTS; slot++)
        closeSlot(out, from, first + slot, starts[slot]!, positions[slot]!, this.#seal);
      const to = positions[(bucket + 1) * SLOTS - 1]!;
      buckets.push(new Uint8Array(out.buffer, out.byteOffset + 4 * from, 4 * (to - from)));
    }
    return buckets;
  }
}
