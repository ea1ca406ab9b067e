import { DerReader, TAG } from './der.js';
import { type ExtensionList, NO_EXTENSIONS, readExtensions } from './extension-list.js';
import { readGeneralNames } from './general-name.js';
import { keyedHash } from './keyed-hash.js';
import { type Name, sameName } from './name.js';
import { OID } from './oid.js';
import { sameBytes } from './same-bytes.js';
import { readGeneralizedTime, readTime } from './time.js';
import { malformed } from './x509-error.js';

/** RFC 5280 §5.3.1, by number. */
const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

export type RevocationReason = Exclude<(typeof REASONS)[number], undefined>;

export interface CrlEntry {
  /** revocationDate, ms. */
  readonly date: number;
  readonly reason?: RevocationReason;
}

/** What one revokedCertificate says, but for its serial. */
interface ReadEntry extends CrlEntry {
  readonly extended: boolean;
  readonly certificateIssuer?: Name;
  readonly unknownCritical?: string;
}

/**
 * The entries of one CRL, by serial and certificate issuer: an open-addressing table of offsets into the CRL's
 * bytes, 10 to 20 octets an entry. An entry is read again when it is found.
 *
 *     slots    │ 0 │ 1 │ 0 │ 3 │ 2 │ 0 │ 0 │ 0 │      entry number + 1, at keyedHash(serial, issuer) and after
 *     offsets  │ 4711 │ 4753 │ 4801 │                 where the entry's TLV starts
 *     issuers  │    0 │    1 │    1 │                 0: the CRL's issuer; else issuerNames[n − 1]
 *
 * In an indirect CRL an entry without certificateIssuer has that of the entry before it (§5.3.3).
 */
export class CrlEntries {
  readonly count: number;
  /** The OID of the first critical entry extension that is not known: it voids the whole CRL (§5.3). */
  readonly unknownCritical: string | undefined;
  private readonly bytes: Uint8Array;
  private readonly offsets: Uint32Array;
  private readonly slots: Uint32Array;
  /** Absent while every entry is the CRL issuer's. */
  private readonly issuers: Uint32Array | undefined;
  private readonly issuerNumbers: ReadonlyMap<string, number>;

  /** Reads the entries between `from` and `to`, every one whole; throws `X509Error`. */
  constructor(bytes: Uint8Array, from: number, to: number, crlIssuer: Name, version: 1 | 2) {
    let offsets = new Uint32Array(64);
    let issuers: Uint32Array | undefined;
    const issuerNumbers = new Map<string, number>();
    let issuer = 0;
    let unknownCritical: string | undefined;
    let count = 0;
    const r = new DerReader(bytes, from, to);
    while (!r.done) {
      if (count === offsets.length) {
        offsets = grown(offsets);
        issuers &&= grown(issuers);
      }
      offsets[count] = r.pos;
      const entry = readEntry(r);
      if (entry.extended && version === 1) throw malformed('crlEntryExtensions stand in a version 1 CRL');
      unknownCritical ??= entry.unknownCritical;
      if (entry.certificateIssuer) {
        issuers ??= new Uint32Array(offsets.length);
        issuer = numberOf(entry.certificateIssuer, crlIssuer, issuerNumbers);
      }
      if (issuers) issuers[count] = issuer;
      count++;
    }
    this.bytes = bytes;
    this.count = count;
    this.unknownCritical = unknownCritical;
    this.offsets = offsets.slice(0, count);
    this.issuers = issuers?.slice(0, count);
    this.issuerNumbers = issuerNumbers;
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(count * 1.5 + 1)));
    for (let i = 0; i < count; i++) this.insert(i);
  }

  get hasCertificateIssuer(): boolean {
    return this.issuers !== undefined;
  }

  /** @param issuer the certificate's; the CRL's own where it is the same. */
  find(serial: Uint8Array, issuer: Name, crlIssuer: Name): CrlEntry | undefined {
    const number = sameName(issuer, crlIssuer) ? 0 : this.issuerNumbers.get(issuer.key);
    if (number === undefined) return undefined;
    const slot = this.slotOf(serial, 0, serial.length, number);
    const index = this.slots[slot]!;
    if (index === 0) return undefined;
    const { date, reason } = readEntry(this.readerAt(index - 1));
    return reason === undefined ? { date } : { date, reason };
  }

  private insert(index: number): void {
    const { from, to } = this.serialAt(index);
    const slot = this.slotOf(this.bytes, from, to, this.issuers?.[index] ?? 0);
    const present = this.slots[slot]!;
    // Of two entries for one certificate the one that revokes it stands.
    if (present === 0 || this.isRemoval(present - 1)) this.slots[slot] = index + 1;
  }

  private isRemoval(index: number): boolean {
    return readEntry(this.readerAt(index)).reason === 'removeFromCRL';
  }

  /** The slot that holds this serial of this issuer, or the empty one where it belongs. */
  private slotOf(serial: Uint8Array, from: number, to: number, issuer: number): number {
    const mask = this.slots.length - 1;
    let slot = keyedHash(serial, from, to, issuer) & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const index = this.slots[slot]! - 1;
      if ((this.issuers?.[index] ?? 0) !== issuer) continue;
      const other = this.serialAt(index);
      if (sameBytes(this.bytes, other.from, other.to, serial, from, to)) break;
    }
    return slot;
  }

  /** Where the content of the entry's serial stands; the entry has been read before. */
  private serialAt(index: number): DerReader {
    const r = this.readerAt(index);
    r.enter(TAG.sequence, 'revokedCertificate');
    r.next('userCertificate');
    return r;
  }

  private readerAt(index: number): DerReader {
    const r = new DerReader(this.bytes);
    r.pos = this.offsets[index]!;
    return r;
  }
}

function readEntry(r: DerReader): ReadEntry {
  const outer = r.enter(TAG.sequence, 'revokedCertificate');
  r.integer('userCertificate');
  const date = readTime(r, 'revocationDate');
  const extensions = r.done ? NO_EXTENSIONS : readExtensions(r, 'crlEntryExtensions');
  r.leave(outer, 'revokedCertificate');
  if (extensions === NO_EXTENSIONS) return { date, extended: false };
  return { date, extended: true, ...readEntryExtensions(extensions) };
}

/** §5.3: reasonCode, invalidityDate and certificateIssuer are known. */
function readEntryExtensions(
  extensions: ExtensionList,
): Pick<ReadEntry, 'reason' | 'certificateIssuer' | 'unknownCritical'> {
  const found: { reason?: RevocationReason; certificateIssuer?: Name; unknownCritical?: string } = {};
  const reason = extensions.read(OID.reasonCode, 'reasonCode', readReason);
  if (reason !== undefined) found.reason = reason;
  const issuer = extensions.read(OID.certificateIssuer, 'certificateIssuer', readCertificateIssuer);
  if (issuer !== undefined) found.certificateIssuer = issuer;
  extensions.read(OID.invalidityDate, 'invalidityDate', (r) => readGeneralizedTime(r, 'invalidityDate'));
  const unknown = extensions.all.find((e) => e.critical && !KNOWN.has(e.oid));
  if (unknown !== undefined) found.unknownCritical = unknown.oid;
  return found;
}

const KNOWN: ReadonlySet<string> = new Set([OID.reasonCode, OID.invalidityDate, OID.certificateIssuer]);

function readReason(r: DerReader): RevocationReason {
  const reason = REASONS[r.unsigned('reasonCode', TAG.enumerated)];
  if (reason === undefined) throw malformed('reasonCode is not one of RFC 5280');
  return reason;
}

/** §5.3.3: "one or more distinguished names"; a certificate has one. */
function readCertificateIssuer(r: DerReader): Name {
  for (const name of readGeneralNames(r, 'certificateIssuer', TAG.sequence)) {
    if (name.kind === 'dn') return name.name;
  }
  throw malformed('certificateIssuer holds no distinguished name');
}

/** 0 for the CRL's own issuer, else the number of this name among those met so far. */
function numberOf(name: Name, crlIssuer: Name, numbers: Map<string, number>): number {
  if (sameName(name, crlIssuer)) return 0;
  const known = numbers.get(name.key);
  if (known !== undefined) return known;
  numbers.set(name.key, numbers.size + 1);
  return numbers.size;
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
