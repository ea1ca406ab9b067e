import { DerReader, TAG } from './der.js';
import { OID } from './oid.js';
import { prepare } from './string-preparation.js';

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

/**
 * The canonical form by which names are compared (RFC 5280 §7.1): PrintableString and UTF8String after string
 * preparation and without regard to which of them it is, values of every other type octet for octet.
 */
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
  const folded = text === undefined ? undefined : prepare(text);
  if (folded !== undefined) return (tag === TAG.ia5String ? 'i' : '') + JSON.stringify(folded);
  return `${tag}:${bytes.toString('hex', from, to)}`;
}

function asciiText(text: string): string | undefined {
  return ASCII.test(text) ? text : undefined;
}

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\0-\x7f]*$/;
