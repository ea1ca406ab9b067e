import { DerReader, TAG } from './der.js';
import { EntryBlock } from './entry-block.js';
import { readGeneralNames } from './general-name.js';
import type { Name } from './name.js';
import { OID } from './oid.js';
import { knownCode, NO_REASON, type RevocationReason } from './revocation-reason.js';
import { readGeneralizedTime, readTime } from './time.js';
import { malformed, X509Error } from './x509-error.js';

export interface CrlEntry {
  /** revocationDate, ms. */
  readonly date: number;
  readonly reason?: RevocationReason;
}

/**
 * The contents of one revokedCertificate. One object reads all entries of a CRL in turn, since there may be a million;
 * the serial number is a range of the CRL's bytes.
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
  /** The form of `EntryBlock`: a UTCTime, and no extension but reasonCode. */
  isPlain = false;
  certificateIssuer: Name | undefined = undefined;
  /** The OID of a critical extension that is not known. */
  unknownCritical: string | undefined = undefined;
  readonly #reader: DerReader;
  readonly #plain: EntryBlock;

  /** @param bytes the whole CRL */
  constructor(bytes: Uint8Array) {
    this.#reader = new DerReader(bytes);
    this.#plain = new EntryBlock(this.#reader.bytes, 1);
  }

  /** Reads the entry that starts at `at`, every octet of it; returns where it ends. Throws `X509Error`. */
  read(at: number, end: number): number {
    const plain = this.#plain;
    const next = plain.readPlain(at, end);
    if (plain.count === 0) return this.readAny(at, end);
    this.serialFrom = plain.serialsFrom[0]!;
    this.serialTo = plain.serialsTo[0]!;
    this.date = plain.seconds[0]! * 1000;
    this.reason = plain.reasons[0]!;
    this.extended = plain.extended;
    this.isPlain = true;
    this.certificateIssuer = undefined;
    this.unknownCritical = undefined;
    return next;
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
      if (oid === OID.reasonCode) this.reason = readReason(r, 'reasonCode');
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

/** Four are known in all the world; the bound keeps the search for duplicates short. */
const MAX_ENTRY_EXTENSIONS = 32;

/** The code of a CRLReason (RFC 5280 §5.3.1): any ENUMERATED; see `knownCode`. */
export function readReason(r: DerReader, what: string): number {
  r.integer(what, TAG.enumerated);
  // The known ones have one octet, and no sign.
  return knownCode(r.to - r.from === 1 ? r.bytes[r.from]! : Infinity);
}

/** §5.3.3. A certificate has one issuer: with two names here, the revocation would not be found under one of them. */
function readCertificateIssuer(r: DerReader): Name {
  const what = 'certificateIssuer';
  const names = readGeneralNames(r, what, TAG.sequence).filter((name) => name.kind === 'dn');
  const [first, ...others] = names;
  if (first === undefined || others.length > 0) throw malformed(`${what} holds not one distinguished name`);
  return first.name;
}
