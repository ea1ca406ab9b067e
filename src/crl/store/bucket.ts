import type { CrlEntry } from '../../x509/crl-entry.js';
import { NO_REASON, reasonOf } from '../../x509/crl-entry.js';
import { sameBytes } from '../../x509/same-bytes.js';
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

/** What a bucket takes beside its entries. */
export const BUCKET_OVERHEAD = TABLE;

/** What an entry takes. */
export function entrySize(serialLength: number, issuer: number): number {
  return 2 + (serialLength < LONG_SERIAL ? 0 : 4) + serialLength + DATE_OCTETS + (issuer === 0 ? 0 : 4);
}

/** Writes the table of a bucket: the ends of its slots, from its first entry. */
export function writeTable(out: Uint8Array, at: number, slot: number, end: number): void {
  writeU32(out, at + 4 * slot, end);
}

/** Writes an entry; returns where the next one goes. */
export function writeEntry(out: Uint8Array, at: number, crl: Uint8Array, entry: WrittenEntry): number {
  const { serialFrom, serialTo, issuer } = entry;
  const length = serialTo - serialFrom;
  let p = at;
  out[p++] = Math.min(length, LONG_SERIAL);
  if (length >= LONG_SERIAL) {
    writeU32(out, p, length);
    p += 4;
  }
  for (let i = serialFrom; i < serialTo; i++) out[p++] = crl[i]!;
  out[p++] = (entry.reason + 1) | (issuer === 0 ? 0 : HAS_ISSUER);
  const seconds = (entry.date - YEAR_ZERO) / 1000;
  writeU32(out, p, seconds % 2 ** 32);
  out[p + 4] = seconds / 2 ** 32;
  p += DATE_OCTETS;
  if (issuer !== 0) {
    writeU32(out, p, issuer);
    p += 4;
  }
  return p;
}

export interface WrittenEntry {
  /** In the CRL. */
  readonly serialFrom: number;
  readonly serialTo: number;
  /** ms */
  readonly date: number;
  readonly reason: number;
  /** 0: the CRL's own. */
  readonly issuer: number;
}

/** Seconds from the year 0 to 1950, where UTCTime begins, in two words. */
const TO_1950 = (Date.UTC(1950, 0, 1) - YEAR_ZERO) / 1000;
const TO_1950_LOW = TO_1950 % 2 ** 32;
const TO_1950_HIGH = Math.floor(TO_1950 / 2 ** 32);

/**
 * The same for the form of nearly all entries there are: a short serial, the CRL's own issuer, a UTCTime.
 *
 * @param seconds since 1950
 */
export function writePlainEntry(
  out: Uint8Array,
  at: number,
  crl: Uint8Array,
  serialFrom: number,
  length: number,
  seconds: number,
  reason: number,
): number {
  let p = at;
  out[p++] = length;
  for (let i = serialFrom; i < serialFrom + length; i++) out[p++] = crl[i]!;
  out[p] = reason + 1;
  const sum = seconds + TO_1950_LOW;
  out[p + 1] = sum;
  out[p + 2] = sum >>> 8;
  out[p + 3] = sum >>> 16;
  out[p + 4] = sum >>> 24;
  out[p + 5] = sum < 2 ** 32 ? TO_1950_HIGH : TO_1950_HIGH + 1;
  return p + 6;
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

/** How many entries a bucket has. Throws STORE_DAMAGED unless every one of them is whole. */
export function countInBucket(bytes: Uint8Array): number {
  if (bytes.length < TABLE || u32(bytes, TABLE - 4) !== bytes.length - TABLE) throw damaged();
  let count = 0;
  let p = TABLE;
  for (let slot = 0; slot < SLOTS; slot++) {
    const to = TABLE + u32(bytes, 4 * slot);
    for (; p < to; count++) {
      const isLong = bytes[p] === LONG_SERIAL;
      const flags = p + (isLong ? 5 + u32(bytes, p + 1) : 1 + bytes[p]!);
      if (flags + DATE_OCTETS >= to) throw damaged();
      readEntry(bytes, flags);
      p = flags + 1 + DATE_OCTETS + ((bytes[flags]! & HAS_ISSUER) === 0 ? 0 : 4);
    }
    if (p !== to) throw damaged();
  }
  return count;
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

function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

function damaged(): StoreError {
  return new StoreError('STORE_DAMAGED', 'the store holds a bucket of CRL entries that is broken');
}
