import type { Crl } from '../../x509/crl.js';
import { EntryReader } from '../../x509/crl-entry.js';
import { DerReader } from '../../x509/der.js';
import { EntryBlock } from '../../x509/entry-block.js';
import { type HashKey, keyedHashOfWords } from '../../x509/keyed-hash.js';
import { type Name, readName, sameName } from '../../x509/name.js';
import { UnclearIssuers } from '../../x509/unclear-issuers.js';
import { malformed } from '../../x509/x509-error.js';
import {
  bucketCount,
  dateWord,
  entryWords,
  headerOf,
  MAX_SERIAL,
  SLOTS,
  slotOf,
  TABLE_WORDS,
} from '../store/bucket.js';
import { RangeArena } from './range-arena.js';

/** Entries read at a time: few enough that they stay in a processor's nearest cache. */
const BLOCK = 64;
/** Octets between two words on the progress. */
const STRIDE = 2 ** 22;
/** Slots of a range are numbered in so many bits: 256 buckets, 0.8 MB. */
export const RANGE_BITS = 12;
export const RANGE_SLOTS = 2 ** RANGE_BITS;

/**
 * The entries of a CRL, each read once, completely and strictly, and written in the form of a bucket entry, by range of
 * buckets, without an object for each. `BucketWriter` makes buckets of a range.
 *
 *     range 0 │ length, slot │ entry │ length, slot │ entry │ …      in the order of the CRL
 *     range 1 │ …
 *
 * The CRL is read once from beginning to end, and entries are appended to a few dozen ranges; the entries of one range
 * fit into a processor's cache while they are spread over its buckets. They are stored in the place of the CRL's list,
 * whose already read part is overwritten.
 *
 * Throws `X509Error`, and the errors of `progress`.
 */
export class EntryIndex {
  count = 0;
  readonly buckets: number;
  readonly arena: RangeArena;
  /** Numbers of certificate issuers other than the CRL's own, by `Name.key`, from 1. */
  readonly issuerNumbers = new Map<string, number>();
  readonly unclearIssuers = new UnclearIssuers();
  hasCertificateIssuer = false;
  /** See `CrlFacts`. */
  criticalEntryExtension: string | undefined = undefined;
  readonly #crl: Crl;
  readonly #hash: HashKey;
  readonly #view: DataView;
  readonly #block: EntryBlock;
  /** The place of the current last entry. */
  #range = 0;
  /** The words of the current entry, four octets each. */
  #serial = new Int32Array(32);

  /** @param progress told now and then how many octets of the list are read */
  constructor(crl: Crl, hash: HashKey, progress: (done: number) => void) {
    const { der } = crl;
    this.#crl = crl;
    this.#hash = hash;
    this.#view = new DataView(der.buffer, der.byteOffset, der.byteLength);
    this.#block = new EntryBlock(der, BLOCK);
    const entry = new EntryReader(der);
    this.buckets = bucketCount(expectedOctets(crl, entry));
    const ranges = Math.ceil((this.buckets * SLOTS) / RANGE_SLOTS);
    this.arena = new RangeArena(ranges, der, crl.entriesFrom, crl.entriesTo);
    this.#scan(entry, progress);
  }

  /** The size of the buckets of all ranges. */
  get octets(): number {
    return 4 * (this.arena.used - this.count + this.buckets * TABLE_WORDS);
  }

  #scan(entry: EntryReader, progress: (done: number) => void): void {
    const { entriesFrom, entriesTo, version } = this.#crl;
    const block = this.#block;
    let issuer = 0;
    let told = entriesFrom;
    for (let at = entriesFrom; at < entriesTo;) {
      let next = block.readPlain(at, entriesTo);
      let { extended } = block;
      if (block.count === 0) {
        next = entry.readAny(at, entriesTo);
        ({ extended } = entry);
        this.criticalEntryExtension ??= entry.unknownCritical;
        if (entry.certificateIssuer !== undefined) issuer = this.#numberOf(entry.certificateIssuer);
        this.#makeRoom(entry.serialTo - entry.serialFrom);
        block.set(entry.serialFrom, entry.serialTo, entry.date / 1000, entry.reason);
      }
      if (extended && version === 1) throw malformed('crlEntryExtensions stand in a version 1 CRL');
      for (let i = this.#place(0, issuer); i < block.count; i = this.#place(i, issuer))
        this.#startChunk(i, issuer);
      this.count += block.count;
      at = next;
      if (at - told < STRIDE) continue;
      told = at;
      progress(at - entriesFrom);
    }
  }

  /**
   * Puts the entries of the block down where they belong, from this one on; returns the first that found no room. What
   * happens seldom is left to the caller: it would be compiled with the rest, before it has ever happened.
   */
  #place(first: number, issuer: number): number {
    const { count, serialsFrom, serialsTo, seconds, reasons } = this.#block;
    const view = this.#view;
    const hash = this.#hash;
    const serial = this.#serial;
    const { arena, buckets } = this;
    const { current, next, limits } = arena;
    let range = 0;
    let i = first;
    for (; i < count; i++) {
      const from = serialsFrom[i]!;
      const to = serialsTo[i]!;
      const length = to - from;
      let size = 0;
      let at = from;
      for (; at + 4 <= to; at += 4) serial[size++] = view.getInt32(at, true);
      // A date follows, so there are octets enough.
      if (at < to) serial[size++] = view.getInt32(at, true) & ((1 << (8 * (to - at))) - 1);
      const slot = slotOf(keyedHashOfWords(serial, length, issuer, hash), buckets);
      range = slot >>> RANGE_BITS;
      const taken = 1 + entryWords(length, issuer);
      let p = next[range]!;
      if (p + taken > limits[range]!) break;
      next[range] = p + taken;
      const words = current[range]!;
      words[p] = (taken << RANGE_BITS) | (slot & (RANGE_SLOTS - 1));
      words[p + 1] = headerOf(length, seconds[i]!, reasons[i]!, issuer);
      words[p + 2] = dateWord(seconds[i]!);
      p += 3;
      for (let word = 0; word < size; word++) words[p++] = serial[word]!;
      if (issuer !== 0) words[p] = issuer;
    }
    this.#range = range;
    return i;
  }

  /** For an entry of the block that found no room. */
  #startChunk(i: number, issuer: number): void {
    const { serialsFrom, serialsTo } = this.#block;
    const from = serialsFrom[i]!;
    // The octets before this serial number were read.
    this.arena.startChunk(this.#range, 1 + entryWords(serialsTo[i]! - from, issuer), from);
  }

  #makeRoom(length: number): void {
    if (length > MAX_SERIAL) throw malformed(`a serial number has ${length} octets`);
    if (4 * this.#serial.length < length) this.#serial = new Int32Array(length);
  }

  /** 0 for the CRL's own issuer. In an indirect CRL it stands for the entries after it, too (§5.3.3). */
  #numberOf(name: Name): number {
    this.hasCertificateIssuer = true;
    if (sameName(name, this.#crl.issuer)) return 0;
    const known = this.issuerNumbers.get(name.key);
    if (known !== undefined) return known;
    const number = this.issuerNumbers.size + 1;
    this.issuerNumbers.set(name.key, number);
    if (!name.isComparable) this.unclearIssuers.add(copyOf(name), number);
    return number;
  }
}

/** A copy, since the list that contains the name is overwritten. */
function copyOf({ der }: Name): Name {
  return readName(new DerReader(Uint8Array.from(der)), 'certificateIssuer');
}

/** Entries that are read to know what all of them take. */
const SAMPLE = 64;

/** The estimated size of the entries in buckets, from the first few. */
function expectedOctets({ entriesFrom, entriesTo }: Crl, entry: EntryReader): number {
  if (entriesFrom === entriesTo) return 0;
  let at = entriesFrom;
  let words = 0;
  for (let count = 0; count < SAMPLE && at < entriesTo; count++) {
    at = entry.read(at, entriesTo);
    words += entryWords(entry.serialTo - entry.serialFrom, 0);
  }
  return ((entriesTo - entriesFrom) / (at - entriesFrom)) * 4 * words;
}
