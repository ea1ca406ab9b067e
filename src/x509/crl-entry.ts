import { DerReader, TAG } from './der.js';
import { readGeneralNames } from './general-name.js';
import type { Name } from './name.js';
import { OID } from './oid.js';
import { daysSince1970, readGeneralizedTime, readTime } from './time.js';
import { malformed, X509Error } from './x509-error.js';

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

export const REMOVE_FROM_CRL = REASONS.indexOf('removeFromCRL');
/** The entry gives no reason. */
export const NO_REASON = -1;

/** `undefined` for `NO_REASON`, and for what §5.3.1 does not know. */
export function reasonOf(code: number): RevocationReason | undefined {
  return REASONS[code];
}

export interface CrlEntry {
  /** revocationDate, ms. */
  readonly date: number;
  readonly reason?: RevocationReason;
}

/**
 * What one revokedCertificate says. One object reads all entries of a CRL in turn, for there may be a million; the
 * serial stands in the CRL's bytes.
 */
export class EntryReader {
  serialFrom = 0;
  serialTo = 0;
  /** revocationDate, ms. */
  date = 0;
  /** reasonCode, or `NO_REASON`. */
  reason = NO_REASON;
  /** crlEntryExtensions are there, which version 1 does not allow. */
  extended = false;
  /** The form of `#readPlain`: a UTCTime, and no extension but reasonCode. */
  isPlain = false;
  certificateIssuer: Name | undefined = undefined;
  /** The OID of a critical extension that is not known. */
  unknownCritical: string | undefined = undefined;
  readonly #reader: DerReader;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** YYMMDD as a number, and the days since 1970 that it stands for: entries of one day follow each other. */
  #lastDate = -1;
  #lastDays = 0;

  /** @param bytes the whole CRL */
  constructor(bytes: Uint8Array) {
    this.#reader = new DerReader(bytes);
    this.#bytes = this.#reader.bytes;
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  }

  /** Reads the entry that starts at `at`, every octet of it; returns where it ends. Throws `X509Error`. */
  read(at: number, end: number): number {
    const next = this.#readPlain(at, end);
    if (next === 0) return this.readAny(at, end);
    this.certificateIssuer = undefined;
    this.unknownCritical = undefined;
    this.isPlain = true;
    return next;
  }

  /**
   * The form of nearly all entries there are; 0 for any other, and for what is wrong.
   *
   *     30 len │ 02 len serial │ 17 0d YYMMDDhhmmssZ │ 30 0c 30 0a 06 03 55 1d 15 04 03 0a 01 reason
   *                                                    absent, or the one extension reasonCode
   */
  #readPlain(at: number, end: number): number {
    const bytes = this.#bytes;
    if (at + 4 > end || bytes[at] !== TAG.sequence || bytes[at + 2] !== TAG.integer) return 0;
    const to = at + 2 + bytes[at + 1]!;
    const from = at + 4;
    const octets = bytes[at + 3]!;
    const time = from + octets;
    if (bytes[at + 1]! >= 0x80 || to > end || octets === 0 || octets >= 0x80 || time + 15 > to) return 0;
    const first = bytes[from]!;
    // 00 and ff may be padding.
    if (octets > 1 && (first === 0 || first === 0xff) && !isMinimal(first, bytes[from + 1]!)) return 0;
    if (!this.#readUtcTime(time)) return 0;
    if (time + 15 === to) {
      this.extended = false;
      this.reason = NO_REASON;
    } else {
      if (to - time !== 15 + REASON_EXTENSION.byteLength + 1) return 0;
      if (!this.#isReasonExtension(time + 15)) return 0;
      const reason = bytes[to - 1]!;
      if (REASONS[reason] === undefined) return 0;
      this.extended = true;
      this.reason = reason;
    }
    this.serialFrom = from;
    this.serialTo = time;
    return to;
  }

  #isReasonExtension(at: number): boolean {
    const view = this.#view;
    return (
      view.getInt32(at) === REASON_EXTENSION.getInt32(0) &&
      view.getInt32(at + 4) === REASON_EXTENSION.getInt32(4) &&
      view.getInt32(at + 8) === REASON_EXTENSION.getInt32(8) &&
      view.getInt8(at + 12) === REASON_EXTENSION.getInt8(12)
    );
  }

  /** A UTCTime of the right form and a day that was seen before or exists. */
  #readUtcTime(at: number): boolean {
    const bytes = this.#bytes;
    if (bytes[at] !== TAG.utcTime || bytes[at + 1] !== 13 || bytes[at + 14] !== 0x5a) return false;
    const year = pair(bytes, at + 2);
    const month = pair(bytes, at + 4);
    const day = pair(bytes, at + 6);
    const hour = pair(bytes, at + 8);
    const minute = pair(bytes, at + 10);
    const second = pair(bytes, at + 12);
    if (year > 99 || month > 99 || day > 99 || hour > 23 || minute > 59 || second > 59) return false;
    const date = (year * 100 + month) * 100 + day;
    if (date !== this.#lastDate) {
      const days = daysSince1970(year < 50 ? 2000 + year : 1900 + year, month, day);
      if (days === undefined) return false;
      this.#lastDate = date;
      this.#lastDays = days;
    }
    this.date = (((this.#lastDays * 24 + hour) * 60 + minute) * 60 + second) * 1000;
    return true;
  }

  /** The same by the grammar alone, for a form of any kind. */
  readAny(at: number, end: number): number {
    const r = this.#reader;
    this.isPlain = false;
    this.certificateIssuer = undefined;
    this.unknownCritical = undefined;
    r.pos = at;
    r.end = end;
    this.extended = false;
    this.reason = NO_REASON;
    const outer = r.enter(TAG.sequence, 'revokedCertificate');
    r.integer('userCertificate');
    this.serialFrom = r.from;
    this.serialTo = r.to;
    this.date = readTime(r, 'revocationDate');
    if (!r.done) this.#readExtensions(r);
    r.leave(outer, 'revokedCertificate');
    return r.pos;
  }

  /**
   * §5.3. Made without the list that certificates have, since a CRL may hold a million of these; `critical FALSE`
   * written out is accepted here: one careless entry need not void a CRL.
   */
  #readExtensions(r: DerReader): void {
    const what = 'crlEntryExtensions';
    const seen: string[] = [];
    this.extended = true;
    const outer = r.enterNonEmpty(TAG.sequence, what);
    while (!r.done) {
      const outerExtension = r.enter(TAG.sequence, what);
      const oid = r.oid(what);
      const critical = r.peek() === TAG.boolean ? r.boolean(what) : false;
      if (seen.includes(oid)) throw new X509Error('DUPLICATE_EXTENSION', `${what} name ${oid} twice`);
      if (seen.push(oid) > MAX_ENTRY_EXTENSIONS) throw malformed(`${what} are too many`);
      const outerValue = r.enter(TAG.octetString, what);
      if (oid === OID.reasonCode) this.reason = REASONS.indexOf(readReason(r, 'reasonCode'));
      else if (oid === OID.certificateIssuer) this.certificateIssuer = readCertificateIssuer(r);
      else if (oid === OID.invalidityDate)
        readGeneralizedTime(r, 'invalidityDate'); // §5.3.2
      else {
        if (critical) this.unknownCritical ??= oid;
        r.pos = r.end;
      }
      r.leave(outerValue, what);
      r.leave(outerExtension, what);
    }
    r.leave(outer, what);
  }
}

/** crlEntryExtensions with a reasonCode alone, up to the code itself. */
const REASON_EXTENSION = new DataView(
  Uint8Array.of(0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 0x0a, 1).buffer,
);

function isMinimal(first: number, second: number): boolean {
  return (second & 0x80) !== (first & 0x80);
}

/** Two digits as a number; over 99 for anything else. */
function pair(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 0x30;
  const units = bytes[at + 1]! - 0x30;
  return tens >>> 0 > 9 || units >>> 0 > 9 ? 100 : tens * 10 + units;
}

/** Four are known in all the world; the bound keeps the search for duplicates short. */
const MAX_ENTRY_EXTENSIONS = 32;

/** A CRLReason (RFC 5280 §5.3.1). */
export function readReason(r: DerReader, what: string): RevocationReason {
  const reason = reasonOf(r.unsigned(what, TAG.enumerated));
  if (reason === undefined) throw malformed(`${what} is not one of RFC 5280`);
  return reason;
}

/** §5.3.3. A certificate has one issuer: of two names here, one would be a revocation that nobody finds. */
function readCertificateIssuer(r: DerReader): Name {
  const what = 'certificateIssuer';
  const names = readGeneralNames(r, what, TAG.sequence).filter((name) => name.kind === 'dn');
  const [first, ...others] = names;
  if (first === undefined || others.length > 0) throw malformed(`${what} holds not one distinguished name`);
  return first.name;
}
