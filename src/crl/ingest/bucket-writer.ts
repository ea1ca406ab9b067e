import type { Crl } from '../../x509/crl.js';
import { EntryReader } from '../../x509/crl-entry.js';
import { malformed } from '../../x509/x509-error.js';
import { BUCKET_OVERHEAD, SLOTS, writeEntry, writePlainEntry, writeTable } from '../store/bucket.js';
import { type EntryIndex, NOT_PLAIN } from './entry-index.js';

/** Octets of buckets that are made, and written in one transaction, at once. */
const RANGE_SIZE = 4 * 1024 * 1024;
/** A CRL with a bucket beyond this lists one certificate over and over. */
const MAX_BUCKET = 16 * 1024 * 1024;

/** Consecutive buckets. */
interface Range {
  readonly first: number;
  readonly end: number;
  /** What they take. */
  readonly size: number;
}

/**
 * Makes the buckets of a CRL, range by range: the entries of a range are walked in the order of the CRL, each is
 * copied to the end of its slot. So the CRL is read forward, and what is written to stays small.
 */
export class BucketWriter {
  readonly ranges: readonly Range[];
  /** What all buckets take. */
  readonly size: number;
  readonly #index: EntryIndex;
  readonly #der: Uint8Array;
  readonly #entry: EntryReader;
  /** Entries by range, in each in the order of the CRL; and where each range's end in it. */
  readonly #order: Uint32Array | undefined;
  readonly #ends: Uint32Array;
  /** By slot of the range in hand: where its next entry goes. */
  #positions = new Uint32Array(0);

  /** Throws `X509Error` for a bucket that is too large. */
  constructor(crl: Crl, index: EntryIndex) {
    this.#index = index;
    this.#der = crl.der;
    this.#entry = new EntryReader(crl.der);
    this.ranges = rangesOf(index);
    this.size = this.ranges.reduce((sum, { size }) => sum + size, 0);
    this.#ends = new Uint32Array(this.ranges.length);
    this.#order = this.ranges.length > 1 ? this.#partition() : undefined;
    if (this.#order === undefined) this.#ends[0] = index.count;
  }

  /** The buckets of a range in order, in `out`, which has room for the largest. */
  write(number: number, out: Uint8Array): readonly Uint8Array[] {
    const range = this.ranges[number]!;
    const buckets = this.#layOut(range, out);
    const { offsets, slots, seconds, reasons, issuers } = this.#index;
    const der = this.#der;
    const order = this.#order;
    const positions = this.#positions;
    const firstSlot = range.first * SLOTS;
    for (
      let place = number === 0 ? 0 : this.#ends[number - 1]!, end = this.#ends[number]!;
      place < end;
      place++
    ) {
      const index = order === undefined ? place : order[place]!;
      const slot = slots[index]! - firstSlot;
      const at = positions[slot]!;
      const offset = offsets[index]!;
      const reason = reasons[index]!;
      positions[slot] =
        reason === NOT_PLAIN
          ? this.#writeAny(out, at, offset, issuers?.[index] ?? 0)
          : writePlainEntry(out, at, der, offset + 4, der[offset + 3]!, seconds[index]!, reason - 1);
    }
    return buckets;
  }

  /** Tables, and where each slot starts. */
  #layOut({ first, end }: Range, out: Uint8Array): readonly Uint8Array[] {
    const { slotSizes } = this.#index;
    const positions = new Uint32Array((end - first) * SLOTS);
    const buckets: Uint8Array[] = [];
    let at = 0;
    for (let bucket = first; bucket < end; bucket++) {
      const start = at;
      at += BUCKET_OVERHEAD;
      for (let slot = 0; slot < SLOTS; slot++) {
        positions[(bucket - first) * SLOTS + slot] = at;
        at += slotSizes[bucket * SLOTS + slot]!;
        writeTable(out, start, slot, at - start - BUCKET_OVERHEAD);
      }
      buckets.push(out.subarray(start, at));
    }
    this.#positions = positions;
    return buckets;
  }

  #writeAny(out: Uint8Array, at: number, offset: number, issuer: number): number {
    const entry = this.#entry;
    entry.read(offset, this.#der.length);
    const { serialFrom, serialTo, date, reason } = entry;
    return writeEntry(out, at, this.#der, { serialFrom, serialTo, date, reason, issuer });
  }

  /** A counting sort of the entries by range, which keeps their order. */
  #partition(): Uint32Array {
    const { slots, count } = this.#index;
    const rangeOfBucket = new Uint16Array(this.#index.buckets);
    for (const [number, { first, end }] of this.ranges.entries()) rangeOfBucket.fill(number, first, end);
    const next = this.#ends;
    for (let index = 0; index < count; index++) {
      const range = rangeOfBucket[Math.floor(slots[index]! / SLOTS)]!;
      if (range + 1 < next.length) next[range + 1]!++;
    }
    for (let range = 1; range < next.length; range++) next[range]! += next[range - 1]!;
    const order = new Uint32Array(count);
    for (let index = 0; index < count; index++) {
      const range = rangeOfBucket[Math.floor(slots[index]! / SLOTS)]!;
      order[next[range]!++] = index;
    }
    return order;
  }
}

function rangesOf({ buckets, slotSizes }: EntryIndex): readonly Range[] {
  const ranges: Range[] = [];
  let first = 0;
  let size = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    let own = BUCKET_OVERHEAD;
    for (let slot = bucket * SLOTS; slot < (bucket + 1) * SLOTS; slot++) own += slotSizes[slot]!;
    if (own > MAX_BUCKET) throw malformed('one certificate is listed over and over');
    if (size > 0 && size + own > RANGE_SIZE) {
      ranges.push({ first, end: bucket, size });
      first = bucket;
      size = 0;
    }
    size += own;
  }
  return [...ranges, { first, end: buckets, size }];
}
