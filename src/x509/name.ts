import { Buffer } from 'node:buffer';
import { writeElement } from './der-writer.js';
import { DerReader, TAG } from './der.js';
import { attributesOf } from './name-key.js';
import { mayBeWithin, type NameOutline } from './name-outline.js';
import { NameView } from './name-view.js';
import { RecentOctets } from './recent-octets.js';
import { textOfString } from './string-types.js';
import { spendWork, WORK } from './work.js';
import { malformed } from './x509-error.js';

export { formatName } from './name-format.js';

/** A distinguished name (RFC 5280 §4.1.2.4). */
export interface Name {
  /** The whole Name TLV. */
  readonly der: Uint8Array;
  /** No RDN at all. */
  readonly empty: boolean;
  /** Equal for two names that §7.1 calls the same: see `sameName`. Computed at first use, as what follows. */
  readonly key: string;
  /** The same for each RDN, the most general first: a name lies under those whose keys begin its own (§7.1). */
  readonly rdnKeys: readonly string[];
  /** The keys of `sameExactName`. */
  readonly exactRdnKeys: readonly string[];
  /** Each of its values can be compared with each other: a name with another key is another name. */
  readonly isComparable: boolean;
  readonly outline: NameOutline;
  /** Has the key been computed? */
  readonly hasKey: boolean;
  /** The form of `formatName`; computed at first use. */
  readonly text: string;
}

/**
 * The values of every attribute of this type, as text; `undefined` for a value that is not a string of ASCII or UTF-8:
 * no other type is one that a host name or a mail address is written in.
 */
export function attributeTexts(name: Name, oid: string): (string | undefined)[] {
  return attributesOf(name.der)
    .flat()
    .filter((attribute) => attribute.oid === oid)
    .map(({ tag, value }) =>
      UTF8_COMPATIBLE.has(tag) ? textOfString(tag, Buffer.from(value), 0, value.length) : undefined,
    );
}

const UTF8_COMPATIBLE: ReadonlySet<number> = new Set([TAG.utf8String, TAG.printableString, TAG.ia5String]);

/**
 * Are two names the same by RFC 5280 §7.1? Strings of all types are compared as Unicode text, TeletexString as
 * Latin-1. It serves to find what may bear on an answer, and what it finds is signed.
 */
export function sameName(a: Name, b: Name): boolean {
  if (a === b) return true;
  // Keys that have been computed are compared sooner than octets.
  if (!a.hasKey || !b.hasKey) return Buffer.compare(a.der, b.der) === 0 || a.key === b.key;
  return a.key === b.key;
}

/**
 * The same where a name proves something: name chaining, permission, self-issue. A TeletexString, which different
 * software reads differently, equals only a TeletexString of the same octets.
 */
export function sameExactName(a: Name, b: Name): boolean {
  if (a === b) return true;
  if ((!a.hasKey || !b.hasKey) && Buffer.compare(a.der, b.der) === 0) return true;
  if (a.key !== b.key) return false;
  const [own, other] = [a.exactRdnKeys, b.exactRdnKeys];
  if (own === a.rdnKeys && other === b.rdnKeys) return true;
  return own.every((key, index) => key === other[index]);
}

/**
 * The same where it must not be missed: true also when values of the two cannot be compared, and everything else of
 * them is the same.
 */
export function mayBeSameName(a: Name, b: Name): boolean {
  if (sameName(a, b)) return true;
  if (a.isComparable && b.isComparable) return false;
  return a.outline.length === b.outline.length && mayBeWithin(a.outline, b.outline);
}

const recent = new RecentOctets<Name>(2048);
/** Octets; real names are shorter. */
const MAX_RECENT = 512;

/**
 * Reads a Name and checks it down to the strings. Accepted, because real CAs write it and it cannot make two
 * names look alike: attributes of an RDN out of DER's order (the key sorts them), empty values, values longer
 * than their attribute allows, characters in a PrintableString that it has not, and surrogates and code points beyond
 * Unicode (then compared as octets).
 */
export function readName(r: DerReader, what: string): Name {
  r.expect(TAG.sequence, what);
  return recent.find(r.bytes, r.tlv, r.to) ?? readNewName(r, what);
}

/** Reads the Name of an issuer, which comes again with each of its certificates: as the same object, while it is recent. */
export function readIssuer(r: DerReader, what: string): Name {
  r.expect(TAG.sequence, what);
  const known = recent.find(r.bytes, r.tlv, r.to);
  if (known !== undefined) return known;
  const name = readNewName(r, what);
  if (name.der.length > MAX_RECENT) return name;
  const octets = Buffer.alloc(name.der.length);
  octets.set(name.der);
  const kept = new NameView(octets, 0, octets.length);
  recent.keep(octets, kept);
  return kept;
}

/**
 * Octets. Every consumer prepares, compares or shows names, at many times the cost of reading them; those of real
 * certificates are of some hundreds, those of test suites of thirteen thousand.
 */
export const MAX_NAME = 16_384;

/** From the SEQUENCE that the reader has just read. */
function readNewName(r: DerReader, what: string): Name {
  const at = r.tlv;
  checkLength(r, what);
  const outer = r.into();
  while (!r.done) {
    const outerRdn = r.enterNonEmpty(TAG.set, what);
    while (!r.done) checkAttribute(r, what);
    r.leave(outerRdn, what);
  }
  r.leave(outer, what);
  return new NameView(r.bytes, at, r.pos);
}

function checkLength({ from, to }: DerReader, what: string): void {
  if (to - from > MAX_NAME) throw malformed(`${what} has ${to - from} octets, more than ${MAX_NAME}`);
}

/** The content of an RDN whose tag is implicit, as a SET TLV that could stand in a Name. */
export function readImplicitRdn(r: DerReader, tag: number, what: string): Uint8Array {
  const outer = r.enterNonEmpty(tag, what);
  checkLength(r, what);
  // A Buffer's own slice would be the very bytes that are signed.
  const rdn = Uint8Array.from(r.element());
  while (!r.done) checkAttribute(r, what);
  r.leave(outer, what);
  rdn[0] = TAG.set;
  return rdn;
}

/** The name of `parent` with one more RDN (a SET TLV): RFC 5280 §4.2.1.13, nameRelativeToCRLIssuer. */
export function appendRdn(parent: Name, rdn: Uint8Array): Name {
  const r = new DerReader(parent.der);
  r.expect(TAG.sequence, 'name');
  const der = writeElement(TAG.sequence, r.content(), rdn);
  return readName(new DerReader(der), 'name');
}

function checkAttribute(r: DerReader, what: string): void {
  spendWork(WORK.attribute);
  const outer = r.enter(TAG.sequence, what);
  r.oid(what);
  r.next(what);
  checkString(r, what);
  r.leave(outer, what);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Is the string just read one of its type (X.680 §41)? Values of other types are not looked into. */
function checkString(r: DerReader, what: string): void {
  const { bytes, from, to } = r;
  switch (r.tag) {
    case TAG.utf8String:
      if (isAscii(bytes, from, to)) return;
      try {
        strictUtf8.decode(bytes.subarray(from, to));
      } catch (error) {
        throw malformed(`${what} holds a UTF8String that is no UTF-8: ${String(error)}`);
      }
      return;
    case TAG.ia5String:
      if (!isAscii(bytes, from, to)) throw malformed(`${what} holds an IA5String that is not ASCII`);
      return;
    case TAG.bmpString:
      if ((to - from) % 2 !== 0) throw malformed(`${what} holds a BMPString with half a character`);
      return;
    case TAG.universalString:
      if ((to - from) % 4 !== 0) throw malformed(`${what} holds a UniversalString with part of a character`);
      return;
    default:
      refuseConstructedString(r, what);
  }
}

/** In DER only the universal types EXTERNAL, EMBEDDED PDV, SEQUENCE and SET are constructed (X.690 §10.2). */
function refuseConstructedString({ tag }: DerReader, what: string): void {
  if (tag >= 0x40) return;
  const number = tag & 0x1f;
  const constructed = number === 8 || number === 11 || number === 16 || number === 17;
  if (constructed !== (tag & 0x20) > 0)
    throw malformed(`${what} holds a value with the impossible tag ${tag}`);
}

export function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  let all = 0;
  for (let i = from; i < to; i++) all |= bytes[i]!;
  return all < 0x80;
}
