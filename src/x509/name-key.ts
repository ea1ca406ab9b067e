import { isUtf8 } from 'node:buffer';
import { DerReader, TAG } from './der.js';
import { prepare } from './string-preparation.js';
import { textOfString } from './string-types.js';
import { spendWork, WORK } from './work.js';

/** One AttributeTypeAndValue; `value` is the content octets of the element with this tag. */
export interface Attribute {
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

/** Properties of a name's values, found while reading its keys. */
export interface KeyTraits {
  /** Each value is a text that RFC 4518 can prepare, and each RDN a set: names that differ in their keys differ. */
  isComparable: boolean;
  /** Some value is a TeletexString, whose characters are an agreement more than a standard. */
  hasTeletex: boolean;
}

/** How the values of TeletexStrings are compared: as Latin-1 text, or octet for octet with others of their type. */
export type TeletexForm = 'text' | 'octets';

/**
 * The canonical form of each RDN by which names are compared (RFC 5280 §7.1), most general first: strings of every
 * type as prepared Unicode text (domainComponent too, §7.3), everything else, and what cannot be prepared, octet for octet with its tag. An RDN is
 * a set, so its attributes are sorted. Everything of unknown length is quoted by JSON or hexadecimal, so that no value
 * can imitate the structure around it.
 */
export function rdnKeys(name: Uint8Array, traits: KeyTraits, teletex: TeletexForm = 'text'): string[] {
  const keys: string[] = [];
  const r = new DerReader(name);
  r.enter(TAG.sequence, 'name');
  while (!r.done) {
    const outer = r.enter(TAG.set, 'name');
    const first = readAttributeKey(r, traits, teletex);
    if (r.done) {
      keys.push(first);
    } else {
      const attributes = [first];
      while (!r.done) attributes.push(readAttributeKey(r, traits, teletex));
      attributes.sort();
      if (attributes.some((key, index) => key === attributes[index - 1])) traits.isComparable = false;
      keys.push(attributes.join('+'));
    }
    r.leave(outer, 'name');
  }
  return keys;
}

/** Reads one AttributeTypeAndValue. */
export function readAttributeKey(r: DerReader, traits: KeyTraits, teletex: TeletexForm): string {
  const outer = r.enter(TAG.sequence, 'name');
  const oid = r.oid('name');
  r.next('name');
  const key = `${oid}=${valueKey(r, traits, teletex)}`;
  r.leave(outer, 'name');
  return key;
}

/** The properties of the value that was just read. */
function valueKey({ tag, bytes, from, to }: DerReader, traits: KeyTraits, teletex: TeletexForm): string {
  spendWork(costOf(tag, bytes, from, to));
  const text = textOfString(tag, bytes, from, to);
  const folded = text === undefined ? undefined : prepare(text);
  if (folded === undefined) {
    traits.isComparable = false;
    return octetKey(tag, bytes, from, to);
  }
  if (tag !== TAG.teletexString) return JSON.stringify(folded);
  traits.hasTeletex = true;
  if (isOtherText(bytes, from, to)) traits.isComparable = false;
  return teletex === 'text' ? JSON.stringify(folded) : octetKey(tag, bytes, from, to);
}

/** One character may become eighteen; those of BMPStrings and UniversalStrings are not to be told by their octets. */
function costOf(tag: number, bytes: Buffer, from: number, to: number): number {
  const isAscii = tag !== TAG.bmpString && tag !== TAG.universalString;
  let others = isAscii ? 0 : to - from;
  if (isAscii) for (let at = from; at < to; at++) others += bytes[at]! >> 7;
  return WORK.attribute + (to - from) * WORK.plainOctet + others * WORK.otherOctet;
}

function octetKey(tag: number, bytes: Buffer, from: number, to: number): string {
  return `${tag}:${bytes.toString('hex', from, to)}`;
}

/** Does a TeletexString hold UTF-8, as some software writes it? Then Latin-1 is not the only reading. */
function isOtherText(bytes: Buffer, from: number, to: number): boolean {
  const octets = bytes.subarray(from, to);
  return octets.some((octet) => octet > 0x7f) && isUtf8(octets);
}
