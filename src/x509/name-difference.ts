import { TAG } from './der.js';
import { formatAttribute } from './name-format.js';
import { type Attribute, attributesOf } from './name-key.js';
import type { Name } from './name.js';
import { prepare } from './string-preparation.js';
import { STRING_TYPES, textOfString } from './string-types.js';

/** Octets; what is longer is not looked at for the eye's sake. */
const MAX_NAME = 2048;

/**
 * The difference between two names that look alike: `CN=Root (TeletexString) is not CN=Root (UTF8String)`. `undefined`
 * if they are the same name, or do not look alike. For messages only.
 *
 * @param length how many of the first RDNs to compare; by default all
 */
export function nameDifference(a: Name, b: Name, length?: number): string | undefined {
  if (a.der.length > MAX_NAME || b.der.length > MAX_NAME) return undefined;
  const own = attributesOf(a.der).slice(0, length);
  const other = attributesOf(b.der).slice(0, length);
  if (own.length !== other.length) return undefined;
  let difference: string | undefined;
  for (const [index, rdn] of own.entries()) {
    const others = other[index] ?? [];
    if (rdn.length !== others.length) return undefined;
    for (const [place, attribute] of rdn.entries()) {
      const twin = others[place];
      if (twin === undefined || twin.oid !== attribute.oid) return undefined;
      if (isSame(attribute, twin)) continue;
      if (!isAlike(attribute, twin)) return undefined;
      difference ??= `${described(attribute)} is not ${described(twin)}${whatDiffers(attribute, twin)}`;
    }
  }
  return difference;
}

/** The comparison for names that prove something: see `sameExactName`. */
function isSame(a: Attribute, b: Attribute): boolean {
  if (a.tag === b.tag && Buffer.compare(a.value, b.value) === 0) return true;
  if (a.tag === TAG.teletexString || b.tag === TAG.teletexString) return false;
  const [own, other] = [preparedOf(a), preparedOf(b)];
  return own !== undefined && own === other;
}

/** Texts that look the same, or differ only in characters of which one is beyond ASCII, and in few of them. */
function isAlike(a: Attribute, b: Attribute): boolean {
  const [own, other] = [skeletonOf(a), skeletonOf(b)];
  if (own === undefined || other === undefined || own.length !== other.length) return false;
  const places = own.flatMap((character, index) => (character === other[index] ? [] : [index]));
  return (
    places.length <= own.length / 2 &&
    places.every((index) => `${own[index]}${other[index]}`.replaceAll(ASCII, '').length > 0)
  );
}

function skeletonOf({ tag, value }: Attribute): string[] | undefined {
  const text = textOfString(tag, Buffer.from(value), 0, value.length);
  const seen = text?.normalize('NFKC').replaceAll(UNSEEN, '').toLowerCase();
  return seen === undefined ? undefined : Array.from(seen.replaceAll(/[il|]/g, '1').replaceAll('o', '0'));
}

/** Characters without a look of their own. */
const UNSEEN = /[\p{Z}\p{C}\p{M}]/gu;
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /[\0-\x7f]/g;

function preparedOf({ tag, value }: Attribute): string | undefined {
  const text = textOfString(tag, Buffer.from(value), 0, value.length);
  return text === undefined ? undefined : prepare(text);
}

function described(attribute: Attribute): string {
  const { oid, tag, value } = attribute;
  return `${formatAttribute(oid, tag, value)} (${STRING_TYPES.get(tag) ?? `type ${tag}`})`;
}

/** The first characters that differ, where the texts do. */
function whatDiffers(a: Attribute, b: Attribute): string {
  const [own, other] = [preparedOf(a), preparedOf(b)];
  if (own === undefined || other === undefined) return ', and one of them is not a text that can be compared';
  if (own === other) return '';
  const [left, right] = [Array.from(own), Array.from(other)];
  const at = left.findIndex((character, index) => character !== right[index]);
  const place = at < 0 ? left.length : at;
  return `: ${codePoint(left[place])} stands where the other has ${codePoint(right[place])}`;
}

function codePoint(character: string | undefined): string {
  const code = character?.codePointAt(0);
  return code === undefined ? 'nothing' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
