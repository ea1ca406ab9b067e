import { DerReader, TAG } from './der.js';
import { OID } from './oid.js';
import { textOfString } from './string-types.js';

/** RFC 4514 §3, and emailAddress, which stands in many a certificate. */
export const SHORT_NAMES: ReadonlyMap<string, string> = new Map<string, string>([
  [OID.commonName, 'CN'],
  [OID.localityName, 'L'],
  [OID.stateOrProvinceName, 'ST'],
  [OID.organizationName, 'O'],
  [OID.organizationalUnitName, 'OU'],
  [OID.countryName, 'C'],
  [OID.streetAddress, 'STREET'],
  [OID.domainComponent, 'DC'],
  [OID.userId, 'UID'],
  [OID.serialNumber, 'serialNumber'],
  [OID.emailAddress, 'emailAddress'],
]);

/** Characters: longer names, and values, are cut; they end in `…`. */
const MAX_NAME = 1000;
const MAX_VALUE = 256;
const ELLIPSIS = '…';

/** The name for people, as RFC 4514 writes it (most specific RDN first). */
export function formatName({ der }: { readonly der: Uint8Array }): string {
  return anyName(new DerReader(der));
}

/** The same of a Name that has been read before, between `from` and `to`. */
export function formatNameAt(bytes: Buffer, from: number, to: number): string {
  return plainName(bytes, from, to) ?? anyName(new DerReader(bytes, from, to));
}

function anyName(r: DerReader): string {
  r.enter(TAG.sequence, 'name');
  const { end } = r;
  const rdns: number[] = [];
  while (!r.done) {
    rdns.push(r.pos);
    r.next('name');
  }
  let text = '';
  for (let index = rdns.length - 1; index >= 0; index -= 1) {
    r.pos = rdns[index] ?? end;
    r.end = end;
    r.enter(TAG.set, 'name');
    let separator = text === '' ? '' : ',';
    while (!r.done) {
      if (text.length > MAX_NAME) return text + ELLIPSIS;
      text += separator + formatNext(r);
      separator = '+';
    }
  }
  return text;
}

/** The type of the next attribute. */
function formatNext(r: DerReader): string {
  const outer = r.enter(TAG.sequence, 'name');
  const oid = r.oid('name');
  r.next('name');
  const text = attributeText(oid, r.tag, r.bytes, r.from, r.to);
  r.leave(outer, 'name');
  return text;
}

/** `TYPE=value` of one AttributeTypeAndValue. */
export function formatAttribute(oid: string, tag: number, value: Uint8Array): string {
  return attributeText(oid, tag, Buffer.from(value), 0, value.length);
}

function attributeText(oid: string, tag: number, bytes: Buffer, from: number, to: number): string {
  const shortName = SHORT_NAMES.get(oid);
  const text = shortName === undefined ? undefined : valueText(tag, bytes, from, to);
  if (text !== undefined) return `${shortName}=${text}`;
  return `${shortName ?? oid}=#${hexElement(tag, bytes.subarray(from, to))}`;
}

/** The value, escaped; `undefined` where it is not a string. */
function valueText(tag: number, bytes: Buffer, from: number, to: number): string | undefined {
  // A character has up to four octets; one that is cut stands beyond what is shown.
  const end = Math.min(to, from + 4 * (MAX_VALUE + 1));
  switch (tag) {
    // A value that is not valid for its type is shown as far as possible.
    case TAG.utf8String:
    case TAG.printableString:
    case TAG.ia5String:
      return shownText(bytes.toString('utf8', from, end));
    case TAG.bmpString:
      return shownText(
        Buffer.from(bytes.subarray(from, end - ((end - from) % 2)))
          .swap16()
          .toString('utf16le'),
      );
    default: {
      const text = textOfString(tag, bytes, from, end);
      return text === undefined ? undefined : shownText(text);
    }
  }
}

/** The text of a value: cut, and escaped as RFC 4514 §2.4 has it. */
function shownText(text: string): string {
  const shown = cut(text, MAX_VALUE);
  return shown === text ? escapeValue(text) : escapeValue(shown) + ELLIPSIS;
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  // Not in the middle of a surrogate pair.
  const isPair = (text.charCodeAt(most - 1) & 0xfc00) === 0xd800;
  return text.slice(0, isPair ? most - 1 : most);
}

/** The BER of the value in hexadecimal (§2.4); a long one is cut: this is for people. */
function hexElement(tag: number, value: Uint8Array): string {
  const shown = value.subarray(0, 100);
  return Buffer.from([tag, shown.length, ...shown]).toString('hex');
}

/**
 * Characters that must not reach a terminal or log line unchanged, or are invisible there: control characters, line and
 * paragraph separators, marks of writing direction, characters without width, halves of surrogate pairs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
const ESCAPED = /["+,;<>\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]|^[ #]| $/u;

function escapeValue(text: string): string {
  if (!ESCAPED.test(text)) return text;
  return text
    .replaceAll(/["+,;<>\\]/g, String.raw`\$&`)
    .replaceAll(UNSEEN, escapeOctets)
    .replaceAll(/^[ #]| $/g, String.raw`\$&`);
}

/** A text that others chose, for people: cut after so many characters, with nothing in it that is not seen. */
export function escapeUnseen(text: string, most: number): string {
  const shown = cut(text, most);
  return shown.replaceAll(UNSEEN, escapeOctets) + (shown === text ? '' : ELLIPSIS);
}

function escapeOctets(character: string): string {
  return Buffer.from(character, 'utf8')
    .toString('hex')
    .replaceAll(/../g, String.raw`\$&`);
}

/** Octets of names that may be plain: none of them is cut. */
const MAX_PLAIN = 512;
/** `CN=` and so on, by the last arc of the attribute's type, of those below 2.5.4. */
const X520_TYPES = Array.from({ length: 128 }, (_, arc) => {
  const shortName = SHORT_NAMES.get(`2.5.4.${arc}`);
  return shortName === undefined ? undefined : `${shortName}=`;
});
/** Characters that stand for themselves wherever they stand in a value (RFC 4514 §2.4), by their codes. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, code) =>
  Number(code > 0x20 && code < 0x7f && !'"#+,;<>\\'.includes(String.fromCharCode(code))),
);

/**
 * Nearly every name consists of RDNs like this one, and is put together in a tenth of the time; `undefined` for any
 * other. The name was read before, so that its lengths are those of its parts.
 *
 *     31 0d 30 0b 06 03 55 04 03 0c 04 6c 65 61 66    SET { SEQUENCE { 2.5.4.3, UTF8String "leaf" } }
 */
function plainName(bytes: Buffer, from: number, to: number): string | undefined {
  if (to - from > MAX_PLAIN) return undefined;
  const length = bytes[from + 1] ?? 0;
  let at = from + (length < 0x80 ? 2 : 2 + (length & 0x7f));
  let text = '';
  while (at < to) {
    const inSet = bytes[at + 1] ?? 0;
    const end = at + 2 + inSet;
    const isOnlyOne = inSet < 0x80 && bytes[at + 3] === inSet - 2;
    if (!isOnlyOne || bytes[at + 5] !== 3 || bytes[at + 6] !== 0x55 || bytes[at + 7] !== 4) return undefined;
    const type = X520_TYPES[bytes[at + 8] ?? 0];
    if (type === undefined || !isPlainValue(bytes, at + 9, end)) return undefined;
    const attribute = type + bytes.toString('latin1', at + 11, end);
    text = text === '' ? attribute : `${attribute},${text}`;
    at = end;
  }
  return text;
}

/** A string of ASCII in which nothing is escaped; a space may stand between others. */
function isPlainValue(bytes: Buffer, at: number, end: number): boolean {
  const tag = bytes[at];
  if (tag !== TAG.utf8String && tag !== TAG.printableString && tag !== TAG.ia5String) return false;
  const from = at + 2;
  for (let index = from; index < end; index++) {
    const code = bytes[index] ?? 0;
    if (PLAIN[code] === 1) continue;
    if (code !== 0x20 || index === from || index === end - 1) return false;
  }
  return true;
}
