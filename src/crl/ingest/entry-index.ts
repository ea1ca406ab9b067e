import type { Crl } from '../../x509/crl.js';
import { EntryReader } from '../../x509/crl-entry.js';
import { type HashKey, keyedHash } from '../../x509/keyed-hash.js';
import { type Name, sameName } from '../../x509/name.js';
import { malformed } from '../../x509/x509-error.js';
import { type BucketBuilder, bucketCount, entrySize, SLOTS, slotOf } from '../store/bucket.js';

/** Entries between two words on the progress. */
const STRIDE = 65_536;

/**
 * The entries of a CRL sorted into buckets: every entry is read once, whole and strictly, and noted in arrays of
 * numbers; there is no object for each. A counting sort orders them by slot:
 *
 *     offsets │ 4711 │ 4753 │ 4801 │      where the entry starts in the CRL
 *     slots   │    7 │    0 │    7 │      by the hash of serial and issuer
 *     sorted  │ 4753 │ 4711 │ 4801 │      offsets by slot, within one slot in the CRL's order
 *
 * Throws `X509Error`, and whatever `progress` throws.
 */
export class EntryIndex {
  count = 0;
  readonly buckets: number;
  /** See `CrlFacts`. */
  criticalEntryExtension: string | undefined = undefined;
  hasCertificateIssuer = false;
  /** Numbers of certificate issuers other than the CRL's own, by `Name.key`, from 1. */
  readonly issuerNumbers = new Map<string, number>();
  readonly #crl: Crl;
  readonly #entry: EntryReader;
  #offsets: Uint32Array;
  #hashes: Uint32Array;
  /** Absent while every entry is the CRL issuer's. */
  #issuers: Uint32Array | undefined = undefined;
  /** By slot: where its entries end in `sorted`. */
  readonly #ends: Uint32Array;
  readonly #sorted: Uint32Array;
  readonly #sortedIssuers: Uint32Array | undefined;

  /** @param progress told now and then how many octets of the list are read */
  constructor(crl: Crl, hash: HashKey, progress: (done: number) => void) {
    this.#crl = crl;
    this.#entry = new EntryReader(crl.der);
    const expected = expectedCount(crl, this.#entry);
    this.#offsets = new Uint32Array(expected);
    this.#hashes = new Uint32Array(expected);
    const octets = this.#scan(hash, progress);
    this.buckets = bucketCount(octets);
    this.#ends = this.#countSlots();
    this.#sorted = new Uint32Array(this.count);
    this.#sortedIssuers = this.#issuers && new Uint32Array(this.count);
    this.#sort();
  }

  /** Appends a bucket to what the builder has. */
  build(builder: BucketBuilder, bucket: number): Uint8Array {
    const { der } = this.#crl;
    const entry = this.#entry;
    builder.begin();
    for (let slot = bucket * SLOTS, index = this.#startOf(slot); slot < (bucket + 1) * SLOTS; slot++) {
      for (const end = this.#ends[slot]!; index < end; index++) {
        entry.read(this.#sorted[index]!, der.length);
        builder.append(der, entry, this.#sortedIssuers?.[index] ?? 0);
      }
      builder.endSlot();
    }
    return builder.end();
  }

  /** Reads every entry; returns how many octets of buckets they take. */
  #scan(hash: HashKey, progress: (done: number) => void): number {
    const { der, entriesFrom, entriesTo, version } = this.#crl;
    const entry = this.#entry;
    let issuer = 0;
    let octets = 0;
    for (let at = entriesFrom, next = at; at < entriesTo; at = next) {
      next = entry.read(at, entriesTo);
      if (entry.extended && version === 1) throw malformed('crlEntryExtensions stand in a version 1 CRL');
      this.criticalEntryExtension ??= entry.unknownCritical;
      if (entry.certificateIssuer !== undefined) issuer = this.#numberOf(entry.certificateIssuer);
      const { serialFrom, serialTo } = entry;
      octets += entrySize(serialTo - serialFrom, issuer);
      this.#append(at, keyedHash(der, serialFrom, serialTo, issuer, hash), issuer);
      if (this.count % STRIDE === 0) progress(next - entriesFrom);
    }
    return octets;
  }

  /** 0 for the CRL's own issuer. In an indirect CRL it stands for the entries after it, too (§5.3.3). */
  #numberOf(name: Name): number {
    this.hasCertificateIssuer = true;
    if (sameName(name, this.#crl.issuer)) return 0;
    this.#issuers ??= new Uint32Array(this.#offsets.length);
    const known = this.issuerNumbers.get(name.key);
    if (known !== undefined) return known;
    const number = this.issuerNumbers.size + 1;
    this.issuerNumbers.set(name.key, number);
    return number;
  }

  #append(offset: number, hash: number, issuer: number): void {
    if (this.count === this.#offsets.length) {
      this.#offsets = grown(this.#offsets);
      this.#hashes = grown(this.#hashes);
      if (this.#issuers !== undefined) this.#issuers = grown(this.#issuers);
    }
    this.#offsets[this.count] = offset;
    this.#hashes[this.count] = hash;
    if (this.#issuers !== undefined) this.#issuers[this.count] = issuer;
    this.count++;
  }

  /** Turns hashes into slots, and counts where each slot starts. */
  #countSlots(): Uint32Array {
    const starts = new Uint32Array(this.buckets * SLOTS + 1);
    for (let i = 0; i < this.count; i++) {
      const slot = slotOf(this.#hashes[i]!, this.buckets);
      this.#hashes[i] = slot;
      starts[slot + 1]!++;
    }
    for (let slot = 1; slot < starts.length; slot++) starts[slot]! += starts[slot - 1]!;
    return starts;
  }

  /** Afterwards each start has moved to the end of its slot. What was needed to sort is let go. */
  #sort(): void {
    for (let i = 0; i < this.count; i++) {
      const place = this.#ends[this.#hashes[i]!]!++;
      this.#sorted[place] = this.#offsets[i]!;
      if (this.#sortedIssuers !== undefined) this.#sortedIssuers[place] = this.#issuers![i]!;
    }
    this.#offsets = this.#hashes = new Uint32Array(0);
    this.#issuers = undefined;
  }

  #startOf(slot: number): number {
    return slot === 0 ? 0 : this.#ends[slot - 1]!;
  }
}

/** As if all entries were as long as the first. */
function expectedCount({ entriesFrom, entriesTo }: Crl, entry: EntryReader): number {
  if (entriesFrom === entriesTo) return 0;
  const first = entry.read(entriesFrom, entriesTo) - entriesFrom;
  return Math.ceil(((entriesTo - entriesFrom) / first) * 1.05) + 16;
}

function grown(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(Math.ceil(array.length * 1.5) + 16);
  larger.set(array);
  return larger;
}
