import type { Crl } from '../../x509/crl.js';
import { EntryReader } from '../../x509/crl-entry.js';
import { type HashKey, keyedHashOfWords, tailWord } from '../../x509/keyed-hash.js';
import { type Name, sameName } from '../../x509/name.js';
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

/** Entries between two words on the progress. */
const STRIDE = 65_536;
/** Slots of a range are numbered in so many bits: 256 buckets, 0.8 MB. */
export const RANGE_BITS = 12;
export const RANGE_SLOTS = 2 ** RANGE_BITS;

/**
 * The entries of a CRL, each read once, whole and strictly, and put down in the form that they have in a bucket, by
 * range of buckets: there is no object for each. `BucketWriter` makes buckets of a range.
 *
 *     range 0 │ length, slot │ entry │ length, slot │ entry │ …      in the order of the CRL
 *     range 1 │ …
 *
 * The CRL is read forward once, and what is written to is the ends of a few dozen ranges; the entries of one range fit
 * into a processor's cache while they are spread over its buckets. They lie where the CRL's list did, which is
 * overwritten behind the reader.
 *
 * Throws `X509Error`, and whatever `progress` throws.
 */
export class EntryIndex {
  count = 0;
  readonly buckets: number;
  readonly arena: RangeArena;
  /** Numbers of certificate issuers other than the CRL's own, by `Name.key`, from 1. */
  readonly issuerNumbers = new Map<string, number>();
  hasCertificateIssuer = false;
  /** See `CrlFacts`. */
  criticalEntryExtension: string | undefined = undefined;
  readonly #crl: Crl;

  /** @param progress told now and then how many octets of the list are read */
  constructor(crl: Crl, hash: HashKey, progress: (done: number) => void) {
    this.#crl = crl;
    const entry = new EntryReader(crl.der);
    this.buckets = bucketCount(expectedOctets(crl, entry));
    const ranges = Math.ceil((this.buckets * SLOTS) / RANGE_SLOTS);
    this.arena = new RangeArena(ranges, crl.der, crl.entriesFrom, crl.entriesTo);
    this.#scan(entry, hash, progress);
  }

  /** What the buckets of all ranges take. */
  get octets(): number {
    return 4 * (this.arena.used - this.count + this.buckets * TABLE_WORDS);
  }

  #scan(entry: EntryReader, hash: HashKey, progress: (done: number) => void): void {
    const { der, entriesFrom, entriesTo, version } = this.#crl;
    const { buckets, arena } = this;
    const view = new DataView(der.buffer, der.byteOffset, der.byteLength);
    let serial = new Int32Array(16);
    let issuer = 0;
    let count = 0;
    for (let at = entriesFrom, next = at; at < entriesTo; at = next) {
      next = entry.read(at, entriesTo);
      if (entry.extended && version === 1) throw malformed('crlEntryExtensions stand in a version 1 CRL');
      if (!entry.isPlain) {
        this.criticalEntryExtension ??= entry.unknownCritical;
        if (entry.certificateIssuer !== undefined) issuer = this.#numberOf(entry.certificateIssuer);
      }
      const { serialFrom, serialTo } = entry;
      const length = serialTo - serialFrom;
      if (length > MAX_SERIAL) throw malformed(`a serial number has ${length} octets`);
      if (4 * serial.length < length) serial = new Int32Array(length);
      let size = 0;
      let from = serialFrom;
      for (; from + 4 <= serialTo; from += 4) serial[size++] = view.getInt32(from, true);
      if (from < serialTo) serial[size++] = tailWord(der, from, serialTo);
      const slot = slotOf(keyedHashOfWords(serial, length, issuer, hash), buckets);
      const taken = 1 + entryWords(length, issuer);
      const seconds = entry.date / 1000;
      let p = arena.take(slot >>> RANGE_BITS, taken, at);
      const { words } = arena;
      words[p] = (taken << RANGE_BITS) | (slot & (RANGE_SLOTS - 1));
      words[p + 1] = headerOf(length, seconds, entry.reason, issuer);
      words[p + 2] = dateWord(seconds);
      p += 3;
      for (let i = 0; i < size; i++) words[p++] = serial[i]!;
      if (issuer !== 0) words[p] = issuer;
      count++;
      if (count % STRIDE === 0) progress(next - entriesFrom);
    }
    this.count = count;
  }

  /** 0 for the CRL's own issuer. In an indirect CRL it stands for the entries after it, too (§5.3.3). */
  #numberOf(name: Name): number {
    this.hasCertificateIssuer = true;
    if (sameName(name, this.#crl.issuer)) return 0;
    const known = this.issuerNumbers.get(name.key);
    if (known !== undefined) return known;
    const number = this.issuerNumbers.size + 1;
    this.issuerNumbers.set(name.key, number);
    return number;
  }
}

/** Entries that are read to know what all of them take. */
const SAMPLE = 64;

/** What the entries take in buckets, as if all were like the first few. */
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
