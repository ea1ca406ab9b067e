import { endianness } from 'node:os';
import type { CrlEntry } from '../../x509/crl-entry.js';
import type { HashKey } from '../../x509/keyed-hash.js';
import { NO_REASON, reasonOf } from '../../x509/revocation-reason.js';
import { StoreError } from './store-error.js';

/**
 * The entries of one CRL, spread over buckets by the hash of serial and certificate issuer, and within a bucket over
 * 16 slots, so that a look-up reads one value of one page and compares a handful of entries. Everything is a word of 32 bits,
 * in the order of the host, as LMDB's own are.
 *
 *     ┌──────────────────────────────┬─────────────────────────────────────────────────────────────┐
 *     │ end, seal of slot 0 … 15     │ entries of slot 0 │ entries of slot 1 │ …                   │
 *     │ end in words from the bucket │ in the order of the CRL                                     │
 *     └──────────────────────────────┴─────────────────────────────────────────────────────────────┘
 *     entry: header │ date │ serial, four octets a word, filled up with zeros │ issuer, where the header says so
 *     header: length of serial (20 bits) │ date, high (7) │ issuer follows (1) │ reason + 1 (4)
 *
 * The date is in seconds since the year 0. A seal is a checksum of a slot and its place: without it, one bit that a disk
 * or a memory flips would make of a revoked certificate one that is not listed.
 */
export const SLOTS = 16;
export const TABLE_WORDS = 2 * SLOTS;
/** Octets: LMDB puts values of more than 2 KB on pages of their own, and few are larger than one by chance. */
const TARGET_SIZE = 3500;
const HAS_ISSUER = 0x10;
const LENGTH_SHIFT = 12;
/** Octets of a serial number; RFC 5280 §4.1.2.2 knows 20 at most. */
export const MAX_SERIAL = 2 ** 20 - 1;
/** 0000-01-01 in s. */
const YEAR_ZERO = -62_167_219_200;
const IS_LITTLE = endianness() === 'LE';

/** How many buckets hold entries of so many octets. */
export function bucketCount(octets: number): number {
  return Math.max(1, Math.ceil(octets / (TARGET_SIZE - 4 * TABLE_WORDS)));
}

/** The number of a slot among those of all buckets. */
export function slotOf(hash: number, buckets: number): number {
  return Math.floor((hash / 2 ** 32) * buckets * SLOTS);
}

/** The size of an entry. */
export function entryWords(serialLength: number, issuer: number): number {
  return 2 + ((serialLength + 3) >>> 2) + (issuer === 0 ? 0 : 1);
}

/** @param seconds since 1970 */
export function headerOf(serialLength: number, seconds: number, reason: number, issuer: number): number {
  const high = Math.floor((seconds - YEAR_ZERO) / 2 ** 32);
  return (serialLength << LENGTH_SHIFT) | (high << 5) | (issuer === 0 ? 0 : HAS_ISSUER) | (reason + 1);
}

/** The date of an entry but for what its header has. */
export function dateWord(seconds: number): number {
  return (seconds - YEAR_ZERO) | 0;
}

/** The initial value of a CRL's seals: everything that determines where an entry is looked up. */
export function sealOf({ k0, k1 }: HashKey, generation: number, buckets: number): number {
  return [k1, generation, Math.floor(generation / 2 ** 32), buckets].reduce(mix, k0);
}

/** The initial value of a slot's seal, before its `count` words are mixed in one after the other. */
export function slotSealOf(seal: number, slot: number, count: number): number {
  return mix(mix(seal, slot), count);
}

/** Writes the end of a slot and its seal, into the table of the bucket that starts at `bucketFrom`. */
export function closeSlot(
  words: Int32Array,
  bucketFrom: number,
  slot: number,
  to: number,
  sum: number,
): void {
  const entry = bucketFrom + 2 * (slot % SLOTS);
  words[entry] = to - bucketFrom;
  words[entry + 1] = sum;
}

/** Each value of either word leads to a different result, so any single changed word is detected. */
export function mix(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, 0x9e3779b1);
  return (product << 13) | (product >>> 19);
}

/** A bucket as it was read, longer than it says. */
export interface ReadBucket {
  readonly view: DataView;
  readonly length: number;
}

/**
 * The entry for a serial, in the bucket that has the slot. Of two entries for one certificate the one that revokes it
 * stands. Throws STORE_DAMAGED.
 *
 * @param slot among those of all buckets
 */
export function findInBucket(
  bucket: ReadBucket,
  slot: number,
  seal: number,
  serial: Uint8Array,
  issuer: number,
): CrlEntry | undefined {
  const { view } = bucket;
  const from = startOf(bucket, slot);
  const to = endOf(bucket, slot);
  checkSlot(bucket, slot, seal, from, to);
  const first = wordOf(serial, 0);
  let removed: CrlEntry | undefined;
  for (let p = from; p < to;) {
    const header = view.getInt32(p, IS_LITTLE);
    const next = p + octetsOf(header);
    if (next > to) throw damaged();
    if (
      header >>> LENGTH_SHIFT === serial.length &&
      view.getInt32(p + 8, IS_LITTLE) === first &&
      ((header & HAS_ISSUER) === 0 ? 0 : view.getInt32(next - 4, IS_LITTLE)) === issuer &&
      isSerial(view, p + 8, serial)
    ) {
      const entry = readEntry(header, view.getUint32(p + 4, IS_LITTLE));
      if (entry.reason !== 'removeFromCRL') return entry;
      removed = entry;
    }
    p = next;
  }
  return removed;
}

/**
 * How many entries a bucket has. Throws STORE_DAMAGED unless every one of them is as it was written.
 *
 * @param number of the bucket
 */
export function countInBucket(bucket: ReadBucket, number: number, seal: number): number {
  const { view } = bucket;
  let count = 0;
  for (let slot = number * SLOTS; slot < (number + 1) * SLOTS; slot++) {
    const from = startOf(bucket, slot);
    const to = endOf(bucket, slot);
    checkSlot(bucket, slot, seal, from, to);
    for (let p = from; p < to; p += octetsOf(view.getInt32(p, IS_LITTLE))) count++;
  }
  return count;
}

/** Octets of an entry, by its header. */
function octetsOf(header: number): number {
  return 8 + (((header >>> LENGTH_SHIFT) + 3) & ~3) + ((header & HAS_ISSUER) === 0 ? 0 : 4);
}

/** In octets from the bucket. */
function startOf({ view, length }: ReadBucket, slot: number): number {
  if (length < 4 * TABLE_WORDS) throw damaged();
  const place = 8 * (slot % SLOTS);
  return place === 0 ? 4 * TABLE_WORDS : 4 * view.getInt32(place - 8, IS_LITTLE);
}

function endOf({ view }: ReadBucket, slot: number): number {
  return 4 * view.getInt32(8 * (slot % SLOTS), IS_LITTLE);
}

function checkSlot({ view, length }: ReadBucket, slot: number, seal: number, from: number, to: number): void {
  if (from < 4 * TABLE_WORDS || from > to || to > length) throw damaged();
  let sum = slotSealOf(seal, slot, (to - from) / 4);
  for (let p = from; p < to; p += 4) sum = mix(sum, view.getInt32(p, IS_LITTLE));
  if (sum !== view.getInt32(8 * (slot % SLOTS) + 4, IS_LITTLE)) throw damaged();
}

function isSerial(view: DataView, at: number, serial: Uint8Array): boolean {
  for (let i = 4; i < serial.length; i += 4) {
    if (view.getInt32(at + i, IS_LITTLE) !== wordOf(serial, i)) return false;
  }
  return true;
}

/** Four octets, the first of them lowest; zeros stand for those beyond the end. */
function wordOf(octets: Uint8Array, at: number): number {
  let word = octets[at]!;
  const end = Math.min(at + 4, octets.length);
  for (let i = at + 1; i < end; i++) word |= octets[i]! << (8 * (i - at));
  return word;
}

function readEntry(header: number, low: number): CrlEntry {
  const date = (((header >>> 5) & 0x7f) * 2 ** 32 + low + YEAR_ZERO) * 1000;
  const code = (header & 0xf) - 1;
  const reason = reasonOf(code);
  if (reason !== undefined) return { date, reason };
  if (code !== NO_REASON) throw damaged();
  return { date };
}

function damaged(): StoreError {
  return new StoreError('STORE_DAMAGED', 'the store holds a bucket of CRL entries that is broken');
}
