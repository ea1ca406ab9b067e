import type { Crl } from '../../x509/crl.js';
import { EntryReader } from '../../x509/crl-entry.js';
import { type HashKey, keyedHash } from '../../x509/keyed-hash.js';
import { type Name, sameName } from '../../x509/name.js';
import { malformed } from '../../x509/x509-error.js';
import { bucketCount, entrySize, SLOTS, slotOf } from '../store/bucket.js';

/** Entries between two words on the progress. */
const STRIDE = 65_536;
/** Of an entry that is not plain: it is read anew when it is written. */
export const NOT_PLAIN = 0xff;
/** UTCTime begins here, ms. */
const YEAR_1950 = Date.UTC(1950, 0, 1);

/**
 * The entries of a CRL, each read once, whole and strictly, and noted in arrays of numbers by its place in the CRL:
 * there is no object for each. `BucketWriter` makes buckets of it.
 *
 *     offsets │ 4711 │ 4753 │ 4801 │      where the entry starts in the CRL
 *     slots   │    7 │    0 │    7 │      by the hash of serial and issuer
 *     seconds │  … of its date, since 1950
 *     reasons │  … or NOT_PLAIN
 *
 * Throws `X509Error`, and whatever `progress` throws.
 */
export class EntryIndex {
  count = 0;
  readonly buckets: number;
  /** By slot: what its entries take. */
  readonly slotSizes: Uint32Array;
  offsets: Uint32Array;
  slots: Uint32Array;
  seconds: Uint32Array;
  /** reasonCode + 1, or NOT_PLAIN. */
  reasons: Uint8Array;
  /** Absent while every entry is the CRL issuer's. */
  issuers: Uint32Array | undefined = undefined;
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
    const { count, octets } = expected(crl, entry);
    this.buckets = bucketCount(octets);
    this.slotSizes = new Uint32Array(this.buckets * SLOTS);
    this.offsets = new Uint32Array(count);
    this.slots = new Uint32Array(count);
    this.seconds = new Uint32Array(count);
    this.reasons = new Uint8Array(count);
    this.#scan(entry, hash, progress);
  }

  #scan(entry: EntryReader, hash: HashKey, progress: (done: number) => void): void {
    const { der, entriesFrom, entriesTo, version } = this.#crl;
    let issuer = 0;
    for (let at = entriesFrom, next = at; at < entriesTo; at = next) {
      next = entry.read(at, entriesTo);
      if (entry.extended && version === 1) throw malformed('crlEntryExtensions stand in a version 1 CRL');
      if (!entry.isPlain) {
        this.criticalEntryExtension ??= entry.unknownCritical;
        if (entry.certificateIssuer !== undefined) issuer = this.#numberOf(entry.certificateIssuer);
      }
      const { serialFrom, serialTo } = entry;
      const slot = slotOf(keyedHash(der, serialFrom, serialTo, issuer, hash), this.buckets);
      this.slotSizes[slot]! += entrySize(serialTo - serialFrom, issuer);
      this.#append(at, slot, entry, issuer);
      if (this.count % STRIDE === 0) progress(next - entriesFrom);
    }
  }

  /** 0 for the CRL's own issuer. In an indirect CRL it stands for the entries after it, too (§5.3.3). */
  #numberOf(name: Name): number {
    this.hasCertificateIssuer = true;
    if (sameName(name, this.#crl.issuer)) return 0;
    this.issuers ??= new Uint32Array(this.offsets.length);
    const known = this.issuerNumbers.get(name.key);
    if (known !== undefined) return known;
    const number = this.issuerNumbers.size + 1;
    this.issuerNumbers.set(name.key, number);
    return number;
  }

  #append(offset: number, slot: number, { date, reason, isPlain }: EntryReader, issuer: number): void {
    const index = this.count;
    if (index === this.offsets.length) this.#grow();
    this.offsets[index] = offset;
    this.slots[index] = slot;
    if (isPlain && issuer === 0) {
      this.seconds[index] = (date - YEAR_1950) / 1000;
      this.reasons[index] = reason + 1;
    } else {
      this.reasons[index] = NOT_PLAIN;
    }
    if (this.issuers !== undefined) this.issuers[index] = issuer;
    this.count++;
  }

  #grow(): void {
    const length = Math.ceil(this.offsets.length * 1.5) + 16;
    this.offsets = grown(this.offsets, new Uint32Array(length));
    this.slots = grown(this.slots, new Uint32Array(length));
    this.seconds = grown(this.seconds, new Uint32Array(length));
    this.reasons = grown(this.reasons, new Uint8Array(length));
    if (this.issuers !== undefined) this.issuers = grown(this.issuers, new Uint32Array(length));
  }
}

/**
 * How many entries there may be, and what they take in buckets, as if all were like the first. That is wrong by a
 * factor of two at most: what an entry takes is half of what it takes in the CRL, more or less.
 */
function expected(
  { entriesFrom, entriesTo }: Crl,
  entry: EntryReader,
): { readonly count: number; readonly octets: number } {
  if (entriesFrom === entriesTo) return { count: 0, octets: 0 };
  const first = entry.read(entriesFrom, entriesTo) - entriesFrom;
  const count = (entriesTo - entriesFrom) / first;
  const octets = count * entrySize(entry.serialTo - entry.serialFrom, 0);
  return { count: Math.ceil(count * 1.05) + 16, octets };
}

function grown<T extends Uint32Array | Uint8Array>(array: T, larger: T): T {
  larger.set(array);
  return larger;
}
