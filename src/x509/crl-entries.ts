import { type CrlEntry, EntryReader } from './crl-entry.js';
import { keyedHash } from './keyed-hash.js';
import { type Name, sameName } from './name.js';
import { reasonOf, REMOVE_FROM_CRL } from './revocation-reason.js';
import { sameBytes } from './same-bytes.js';
import { UnclearIssuers } from './unclear-issuers.js';
import { malformed } from './x509-error.js';

/**
 * The entries of one CRL, by serial and certificate issuer: an open-addressing table of offsets into the CRL's
 * bytes, 14 to 24 octets an entry. An entry is read again when it is found.
 *
 *     slots    │ 0 │ 1 │ 0 │ 3 │ 2 │ 0 │ 0 │ 0 │      entry number + 1, at hash (modulo the size) and after
 *     hashes   │ 9f01 │ 0c13 │ e653 │                 keyedHash(serial, issuer)
 *     offsets  │ 4711 │ 4753 │ 4801 │                 where the entry's TLV starts
 *     issuers  │    0 │    1 │    1 │                 0: the CRL's issuer; else a number of issuerNumbers
 *
 * In an indirect CRL an entry without certificateIssuer has that of the entry before it (§5.3.3).
 */
export class CrlEntries {
  count = 0;
  /** The OID of the first critical entry extension that is not known: it voids the whole CRL (§5.3). */
  unknownCritical: string | undefined = undefined;
  private readonly bytes: Uint8Array;
  private readonly entry: EntryReader;
  private readonly slots: Uint32Array;
  private hashes = new Uint32Array(64);
  private offsets = new Uint32Array(64);
  /** Absent while every entry is the CRL issuer's. */
  private issuers: Uint32Array<ArrayBuffer> | undefined = undefined;
  private readonly issuerNumbers = new Map<string, number>();
  private readonly unclear = new UnclearIssuers();

  /** Reads the entries between `from` and `to`, every one whole; throws `X509Error`. */
  constructor(bytes: Uint8Array, from: number, to: number, crlIssuer: Name, version: 1 | 2) {
    this.bytes = bytes;
    this.entry = new EntryReader(bytes);
    let issuer = 0;
    const { entry } = this;
    for (let at = from, next = from; at < to; at = next) {
      next = entry.read(at, to);
      if (entry.extended && version === 1) throw malformed('crlEntryExtensions stand in a version 1 CRL');
      this.unknownCritical ??= entry.unknownCritical;
      if (entry.certificateIssuer) issuer = this.numberOf(entry.certificateIssuer, crlIssuer);
      this.append(at, issuer, keyedHash(bytes, entry.serialFrom, entry.serialTo, issuer));
    }
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(this.count * 1.5 + 1)));
    for (let i = 0; i < this.count; i++) this.insert(i);
  }

  get hasCertificateIssuer(): boolean {
    return this.issuers !== undefined;
  }

  /** @param issuer the certificate's; the CRL's own where it is the same. */
  find(serial: Uint8Array, issuer: Name, crlIssuer: Name): CrlEntry | undefined {
    const number = this.numberFor(issuer, crlIssuer);
    if (number === undefined) return undefined;
    const found = this.entryOf(serial, number);
    if (found === undefined) return undefined;
    const { date, reason: code } = found;
    const reason = reasonOf(code);
    return reason === undefined ? { date } : { date, reason };
  }

  /** Is the serial listed under an issuer whose name may be this one, though the two cannot be compared? */
  mayList(serial: Uint8Array, issuer: Name, crlIssuer: Name): boolean {
    const own = this.numberFor(issuer, crlIssuer);
    const numbers = this.unclear.numbersFor(issuer, own, crlIssuer, this.issuerNumbers.size > 0);
    if (numbers === 'any') return true;
    return numbers.some((number) => {
      const found = this.entryOf(serial, number);
      return found !== undefined && found.reason !== REMOVE_FROM_CRL;
    });
  }

  private numberFor(issuer: Name, crlIssuer: Name): number | undefined {
    return sameName(issuer, crlIssuer) ? 0 : this.issuerNumbers.get(issuer.key);
  }

  private entryOf(serial: Uint8Array, issuer: number): EntryReader | undefined {
    if (this.count === 0) return undefined;
    const hash = keyedHash(serial, 0, serial.length, issuer);
    const index = this.slots[this.slotOf(hash, issuer, serial, 0, serial.length)]!;
    return index === 0 ? undefined : this.entryAt(index - 1);
  }

  /** 0 for the CRL's own issuer, else the number of this name among those met so far. */
  private numberOf(name: Name, crlIssuer: Name): number {
    this.issuers ??= new Uint32Array(this.offsets.length);
    if (sameName(name, crlIssuer)) return 0;
    const known = this.issuerNumbers.get(name.key);
    if (known !== undefined) return known;
    const number = this.issuerNumbers.size + 1;
    this.issuerNumbers.set(name.key, number);
    this.unclear.add(name, number);
    return number;
  }

  private append(offset: number, issuer: number, hash: number): void {
    if (this.count === this.offsets.length) {
      this.offsets = grown(this.offsets);
      this.hashes = grown(this.hashes);
      if (this.issuers) this.issuers = grown(this.issuers);
    }
    this.offsets[this.count] = offset;
    this.hashes[this.count] = hash;
    if (this.issuers) this.issuers[this.count] = issuer;
    this.count++;
  }

  private insert(index: number): void {
    const hash = this.hashes[index]!;
    const issuer = this.issuerOf(index);
    let slot = hash & (this.slots.length - 1);
    if (this.slots[slot] !== 0) {
      const { serialFrom, serialTo } = this.entryAt(index);
      slot = this.slotOf(hash, issuer, this.bytes, serialFrom, serialTo);
    }
    const present = this.slots[slot]!;
    // Of two entries for one certificate, the one that revokes it counts.
    if (present === 0 || this.entryAt(present - 1).reason === REMOVE_FROM_CRL) this.slots[slot] = index + 1;
  }

  /** The slot that holds this serial of this issuer, or the empty one where it belongs. */
  private slotOf(hash: number, issuer: number, serial: Uint8Array, from: number, to: number): number {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const index = this.slots[slot]! - 1;
      if (this.hashes[index] !== hash || this.issuerOf(index) !== issuer) continue;
      const { serialFrom, serialTo } = this.entryAt(index);
      if (sameBytes(this.bytes, serialFrom, serialTo, serial, from, to)) break;
    }
    return slot;
  }

  private issuerOf(index: number): number {
    return this.issuers?.[index] ?? 0;
  }

  private entryAt(index: number): EntryReader {
    this.entry.read(this.offsets[index]!, this.bytes.length);
    return this.entry;
  }
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
