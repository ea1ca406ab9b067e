import type { HashKey } from '../../x509/keyed-hash.js';
import { malformed } from '../../x509/x509-error.js';
import { closeSlot, mix, sealOf, slotSealOf, SLOTS, TABLE_WORDS } from '../store/bucket.js';
import { type EntryIndex, RANGE_BITS, RANGE_SLOTS } from './entry-index.js';

/** Words of a bucket; beyond it a CRL lists one certificate over and over. */
const MAX_BUCKET = 4 * 1024 * 1024;
const RANGE_BUCKETS = RANGE_SLOTS / SLOTS;
const SLOT = RANGE_SLOTS - 1;

/** Makes the buckets of a CRL, range by range: a counting sort of a range's entries by slot, which keeps their order. */
export class BucketWriter {
  /** Words that the largest range takes. */
  readonly room: number;
  readonly #index: EntryIndex;
  readonly #seal: number;
  /** For each slot of the current range: its number of words, the place of its next entry, and the seal so far. */
  readonly #sizes = new Int32Array(RANGE_SLOTS);
  readonly #positions = new Int32Array(RANGE_SLOTS);
  readonly #sums = new Int32Array(RANGE_SLOTS);

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
    const stretches = this.#index.arena.stretches(range);
    this.#sizes.fill(0);
    for (const { words, from, to } of stretches) count(words, from, to, this.#sizes);
    this.#layOut(range);
    for (const { words, from, to } of stretches) spread(words, from, to, this.#positions, this.#sums, out);
    return this.#close(range, out);
  }

  #bucketsOf(range: number): number {
    return Math.min(RANGE_BUCKETS, this.#index.buckets - this.firstBucket(range));
  }

  /** An upper bound: one word of each entry stays behind. */
  #sizeOf(range: number): number {
    return this.#index.arena.usedBy(range) + this.#bucketsOf(range) * TABLE_WORDS;
  }

  /** The start of each slot, with room for each bucket's table before its first. */
  #layOut(range: number): void {
    const sizes = this.#sizes;
    const positions = this.#positions;
    const sums = this.#sums;
    const first = range * RANGE_SLOTS;
    let at = 0;
    for (let slot = 0, end = this.#bucketsOf(range) * SLOTS; slot < end; slot++) {
      if (slot % SLOTS === 0) at += TABLE_WORDS;
      const size = sizes[slot]!;
      if (size > MAX_BUCKET) throw malformed('one certificate is listed over and over');
      positions[slot] = at;
      sums[slot] = slotSealOf(this.#seal, first + slot, size);
      at += size;
    }
  }

  /** The tables. Each slot's entries end where the next would have gone. */
  #close(range: number, out: Int32Array): readonly Uint8Array[] {
    const positions = this.#positions;
    const sums = this.#sums;
    const buckets: Uint8Array[] = [];
    let from = 0;
    for (let bucket = 0, end = this.#bucketsOf(range); bucket < end; bucket++) {
      for (let slot = bucket * SLOTS; slot < (bucket + 1) * SLOTS; slot++)
        closeSlot(out, from, slot, positions[slot]!, sums[slot]!);
      const to = positions[(bucket + 1) * SLOTS - 1]!;
      buckets.push(new Uint8Array(out.buffer, out.byteOffset + 4 * from, 4 * (to - from)));
      from = to;
    }
    return buckets;
  }
}

/** Adds up what the entries take, by slot. Short, as the next is, so that it is compiled soon. */
function count(words: Int32Array, from: number, to: number, sizes: Int32Array): void {
  for (let p = from; p < to;) {
    const head = words[p]!;
    const taken = head >>> RANGE_BITS;
    sizes[head & SLOT]! += taken - 1;
    p += taken;
  }
}

/** Puts each entry after the earlier ones of its slot. */
function spread(
  words: Int32Array,
  from: number,
  to: number,
  positions: Int32Array,
  sums: Int32Array,
  out: Int32Array,
): void {
  for (let p = from; p < to;) {
    const head = words[p]!;
    const slot = head & SLOT;
    const next = p + (head >>> RANGE_BITS);
    let at = positions[slot]!;
    let sum = sums[slot]!;
    for (p++; p < next; p++) {
      const word = words[p]!;
      out[at++] = word;
      sum = mix(sum, word);
    }
    positions[slot] = at;
    sums[slot] = sum;
  }
}
