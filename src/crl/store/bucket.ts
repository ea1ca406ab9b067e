import type { CrlEntry, EntryReader } from '../../x509/crl-entry.js';
import { NO_REASON, reasonOf } from '../../x509/crl-entry.js';
import { sameBytes } from '../../x509/same-bytes.js';
import { malformed } from '../../x509/x509-error.js';
import { StoreError } from './store-error.js';

/**
 * The entries of one CRL, spread over buckets by the hash of serial and certificate issuer, and within a bucket over
 * 32 slots, so that a look-up reads one value of two pages and compares a handful of entries.
 *
 *     ┌────────────────────────┬─────────────────────────────────────────────────────────────┐
 *     │ end of slot 0 … 31     │ entries of slot 0 │ entries of slot 1 │ …                   │
 *     │ u32, from the entries  │ in the order of the CRL                                     │
 *     └────────────────────────┴─────────────────────────────────────────────────────────────┘
 *     entry: length of serial (1, or ff and 4) │ serial │ reason + 1, 80: issuer follows │ date │ issuer (4)
 *
 * The date is in seconds since the year 0, in five octets: all that a Time can say.
 */
export const SLOTS = 32;
const TABLE = 4 * SLOTS;
/** LMDB puts larger values on pages of their own; this much fills two, with room for chance. */
const TARGET_SIZE = 7400;
const HAS_ISSUER = 0x80;
const LONG_SERIAL = 0xff;
/** 0000-01-01 in ms. */
const YEAR_ZERO = -62_167_219_200_000;
const DATE_OCTETS = 5;

/** How many buckets hold entries of so many octets. */
export function bucketCount(octets: number): number {
  return Math.max(1, Math.ceil(octets / TARGET_SIZE));
}

/** The number of a slot among those of all buckets. */
export function slotOf(hash: number, buckets: number): number {
  return Math.floor((hash / 2 ** 32) * buckets * SLOTS);
}

/** What an entry takes. */
export function entrySize(serialLength: number, issuer: number): number {
  return 2 + (serialLength < LONG_SERIAL ? 0 : 4) + serialLength + DATE_OCTETS + (issuer === 0 ? 0 : 4);
}

/** A CRL whose entries fill a bucket beyond this names one certificate over and over. */
const MAX_BUCKET = 16 * 1024 ** 2;

/** Builds buckets one behind the other in one array, which is used again after `clear`. */
export class BucketBuilder {
  /** Where the next octet goes. */
  position = 0;
  #bytes: Uint8Array;
  #view: DataView;
  #start = 0;
  #slot = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  clear(): void {
    this.position = 0;
  }

  begin(): void {
    this.#reserve(TABLE);
    this.#start = this.position;
    this.#slot = 0;
    this.position += TABLE;
  }

  /** The entries since the last slot are this one's. */
  endSlot(): void {
    this.#view.setUint32(this.#start + 4 * this.#slot++, this.position - this.#start - TABLE, true);
  }

  /** The bucket, after 32 slots. */
  end(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.position);
  }

  /** @param crl what the reader reads. Throws `X509Error` when the bucket gets too large. */
  append(crl: Uint8Array, { serialFrom, serialTo, date, reason }: EntryReader, issuer: number): void {
    const length = serialTo - serialFrom;
    this.#reserve(entrySize(length, issuer));
    const bytes = this.#bytes;
    let p = this.position;
    if (length < LONG_SERIAL) bytes[p++] = length;
    else {
      bytes[p] = LONG_SERIAL;
      this.#view.setUint32(p + 1, length, true);
      p += 5;
    }
    for (let i = serialFrom; i < serialTo; i++) bytes[p++] = crl[i]!;
    bytes[p++] = (reason + 1) | (issuer === 0 ? 0 : HAS_ISSUER);
    const seconds = (date - YEAR_ZERO) / 1000;
    this.#view.setUint32(p, seconds % 2 ** 32, true);
    bytes[p + 4] = seconds / 2 ** 32;
    p += DATE_OCTETS;
    if (issuer !== 0) {
      this.#view.setUint32(p, issuer, true);
      p += 4;
    }
    this.position = p;
  }

  /** Buckets that are built already stay where they are. */
  #reserve(octets: number): void {
    if (this.position + octets <= this.#bytes.length) return;
    if (this.position - this.#start > MAX_BUCKET) throw malformed('one certificate is listed over and over');
    const larger = new Uint8Array(2 * (this.#bytes.length + octets));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/**
 * The entry for a serial in a bucket, whose slots are numbered from 0 here. Of two entries for one certificate the
 * one that revokes it stands. Throws STORE_DAMAGED.
 *
 * @param length of the bucket; `bytes` may be longer
 */
export function findInBucket(
  bytes: Uint8Array,
  length: number,
  slot: number,
  serial: Uint8Array,
  issuer: number,
): CrlEntry | undefined {
  if (length < TABLE) throw damaged();
  const from = TABLE + (slot === 0 ? 0 : u32(bytes, 4 * (slot - 1)));
  const to = TABLE + u32(bytes, 4 * slot);
  if (from > to || to > length) throw damaged();
  let removed: CrlEntry | undefined;
  for (let p = from; p < to;) {
    let octets = bytes[p++]!;
    if (octets === LONG_SERIAL) {
      octets = u32(bytes, p);
      p += 4;
    }
    const flags = p + octets;
    const hasIssuer = (bytes[flags]! & HAS_ISSUER) !== 0;
    const next = flags + 1 + DATE_OCTETS + (hasIssuer ? 4 : 0);
    if (next > to) throw damaged();
    if (
      octets === serial.length &&
      (hasIssuer ? u32(bytes, next - 4) : 0) === issuer &&
      sameBytes(serial, 0, octets, bytes, p, flags)
    ) {
      const entry = readEntry(bytes, flags);
      if (entry.reason !== 'removeFromCRL') return entry;
      removed = entry;
    }
    p = next;
  }
  return removed;
}

function readEntry(bytes: Uint8Array, flags: number): CrlEntry {
  const seconds = u32(bytes, flags + 1) + bytes[flags + 5]! * 2 ** 32;
  const date = seconds * 1000 + YEAR_ZERO;
  const code = (bytes[flags]! & ~HAS_ISSUER) - 1;
  const reason = reasonOf(code);
  if (reason !== undefined) return { date, reason };
  if (code !== NO_REASON) throw damaged();
  return { date };
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function damaged(): StoreError {
  return new StoreError('STORE_DAMAGED', 'the store holds a bucket of CRL entries that is broken');
}
