import { Buffer } from 'node:buffer';
import { TAG } from './der.js';

/** The string types whose values are read as Unicode text, with their names in X.680 §41. */
export const STRING_TYPES: ReadonlyMap<number, string> = new Map([
  [TAG.utf8String, 'UTF8String'],
  [TAG.numericString, 'NumericString'],
  [TAG.printableString, 'PrintableString'],
  [TAG.teletexString, 'TeletexString'],
  [TAG.ia5String, 'IA5String'],
  [TAG.visibleString, 'VisibleString'],
  [TAG.universalString, 'UniversalString'],
  [TAG.bmpString, 'BMPString'],
]);

/**
 * The text of a string value (content octets), RFC 4518 §2.1: TeletexString as Latin-1. `undefined` for a value of
 * another type, and for octets that are not characters of their type: surrogates, code points beyond Unicode, octets
 * beyond ASCII where the type has ASCII alone. A PrintableString may hold all of ASCII: many hold `@`, `*` or `_`.
 */
export function textOfString(tag: number, bytes: Buffer, from: number, to: number): string | undefined {
  switch (tag) {
    case TAG.utf8String:
      return bytes.toString('utf8', from, to);
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.visibleString:
    case TAG.numericString: {
      const text = bytes.toString('latin1', from, to);
      return ASCII.test(text) ? text : undefined;
    }
    case TAG.teletexString:
      return bytes.toString('latin1', from, to);
    case TAG.bmpString:
      return textOfBmp(bytes.subarray(from, to));
    case TAG.universalString:
      return textOfUniversal(bytes.subarray(from, to));
    default:
      return undefined;
  }
}

/** A BMPString has no characters beyond the Basic Multilingual Plane: a surrogate is not a character of it. */
function textOfBmp(octets: Buffer): string | undefined {
  if (octets.length % 2 !== 0) return undefined;
  const text = Buffer.from(octets).swap16().toString('utf16le');
  return SURROGATE.test(text) ? undefined : text;
}

function textOfUniversal(octets: Buffer): string | undefined {
  if (octets.length % 4 !== 0) return undefined;
  let text = '';
  for (let at = 0; at < octets.length; at += 4) {
    const codePoint = octets.readUInt32BE(at);
    if (codePoint > 0x10_ff_ff || (codePoint >= 0xd8_00 && codePoint <= 0xdf_ff)) return undefined;
    text += String.fromCodePoint(codePoint);
  }
  return text;
}

const SURROGATE = /[\ud800-\udfff]/;
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\0-\x7f]*$/;
