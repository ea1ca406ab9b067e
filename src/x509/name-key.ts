import { DerReader, TAG } from './der.js';
import { OID } from './oid.js';

/** One AttributeTypeAndValue; `value` is the content octets of the element with this tag. */
interface Attribute {
  readonly oid: string;
  readonly tag: number;
  readonly value: Uint8Array;
}

/** The attributes of a Name that has been read before, RDN by RDN, in the order of the encoding. */
export function attributesOf(name: Uint8Array): Attribute[][] {
  const rdns: Attribute[][] = [];
  const r = new DerReader(name);
  r.enter(TAG.sequence, 'name');
  while (!r.done) {
    const rdn: Attribute[] = [];
    const outer = r.enter(TAG.set, 'name');
    while (!r.done) {
      const outerAttribute = r.enter(TAG.sequence, 'name');
      const oid = r.oid('name');
      r.next('name');
      rdn.push({ oid, tag: r.tag, value: r.content() });
      r.leave(outerAttribute, 'name');
    }
    r.leave(outer, 'name');
    rdns.push(rdn);
  }
  return rdns;
}

/** The canonical form by which names are compared (RFC 5280 §7.1). */
export function nameKey(name: Uint8Array): string {
  return rdnKeys(name).join(',');
}

/**
 * The same for each RDN, most general first. An RDN is a set, so its attributes are sorted. Everything of unknown
 * length is quoted by JSON or hexadecimal, so that no value can imitate the structure around it.
 */
export function rdnKeys(name: Uint8Array): string[] {
  const keys: string[] = [];
  const r = new DerReader(name);
  r.enter(TAG.sequence, 'name');
  while (!r.done) {
    const outer = r.enter(TAG.set, 'name');
    const first = readAttributeKey(r);
    if (r.done) {
      keys.push(first);
    } else {
      const attributes = [first];
      while (!r.done) attributes.push(readAttributeKey(r));
      keys.push(attributes.toSorted().join('+'));
    }
    r.leave(outer, 'name');
  }
  return keys;
}

function readAttributeKey(r: DerReader): string {
  const outer = r.enter(TAG.sequence, 'name');
  const oid = r.oid('name');
  r.next('name');
  const key = `${oid}=${valueKey(oid, r)}`;
  r.leave(outer, 'name');
  return key;
}

/** Compared by caseIgnoreIA5Match although their syntax is IA5String: RFC 5280 §7.3 and §4.1.2.6. */
const FOLDED_IA5: ReadonlySet<string> = new Set([OID.domainComponent, OID.emailAddress]);

/** Of the value that was just read. */
function valueKey(oid: string, { tag, bytes, from, to }: DerReader): string {
  const text =
    tag === TAG.utf8String
      ? bytes.toString('utf8', from, to)
      : tag === TAG.printableString || (tag === TAG.ia5String && FOLDED_IA5.has(oid))
        ? asciiText(bytes.toString('latin1', from, to))
        : undefined;
  const folded = text === undefined ? undefined : foldText(text);
  if (folded !== undefined) return (tag === TAG.ia5String ? 'i' : '') + JSON.stringify(folded);
  return `${tag}:${bytes.toString('hex', from, to)}`;
}

function asciiText(text: string): string | undefined {
  return PLAIN.test(text) ? text : undefined;
}

/** Text in which `foldText` has only to fold case, as that of most names is. */
const WORDS = /^[!-~]+(?: [!-~]+)*$/;
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const PLAIN = /^[\0-\x7f]*$/;
/** RFC 4518 §2.2: what is mapped to nothing, and what is mapped to a space. */
const NOTHING =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- single code points are meant
  /[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u06dd\u070f\u1806\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2063\u206a-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/gu;
const SPACE = /[\t-\r\x85\p{Z}]+/gu;
/** §2.4: unassigned, private-use, surrogate and replacement characters make the comparison undefined. */
const PROHIBITED = /[\p{Cn}\p{Co}\p{Cs}\ufffd]/u;

/**
 * More than 30 combining marks in a row (UAX #15 §13, Stream-Safe Text; the two half-width marks become
 * combining ones): no language has them, and normalising a million of them takes minutes.
 */
const MARKS_WITHOUT_END = /[\p{M}\uff9e\uff9f]{31}/u;

/**
 * String preparation for caseIgnoreMatch: RFC 4518 steps map, normalise (NFKC), fold case, prohibit, and
 * insignificant spaces (none at the ends, one inside). Undefined where §2.4 prohibits a character, and for
 * endless marks: such values equal only themselves. Two approximations, both of which can only keep names apart
 * that RFC 4518 would match: case is folded by lower-casing each character (ß and ss stay apart), and the tables
 * are those of the runtime's Unicode, not of Unicode 3.2.
 */
function foldText(text: string): string | undefined {
  if (WORDS.test(text)) return text.toLowerCase();
  if (PLAIN.test(text)) return spaced(text.replaceAll(NOTHING, '').toLowerCase());
  const visible = text.replaceAll(NOTHING, '');
  if (MARKS_WITHOUT_END.test(visible)) return undefined;
  const mapped = visible.normalize('NFKC');
  if (PROHIBITED.test(mapped)) return undefined;
  return spaced(mapped.toLowerCase().replaceAll('ς', 'σ').normalize('NFKC'));
}

function spaced(text: string): string {
  return text.replaceAll(SPACE, ' ').trim();
}
