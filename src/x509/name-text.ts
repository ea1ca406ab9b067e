import { writeElement, writeOid } from './der-writer.js';
import { DerReader, TAG } from './der.js';
import { SHORT_NAMES } from './name-format.js';
import { type Name, readName } from './name.js';
import { OID } from './oid.js';
import { malformed } from './x509-error.js';

const TYPES = new Map([...SHORT_NAMES].map(([oid, name]) => [name.toLowerCase(), oid]));

/** The attributes whose values are IA5Strings; all others are written as UTF8String, which compares the same. */
const IA5_TYPES: ReadonlySet<string> = new Set([OID.domainComponent, OID.emailAddress]);

/** A type that stands at the far end of a name: where it comes first, the name was written backwards. */
const BROADEST: ReadonlySet<string> = new Set([OID.countryName]);

const TYPE = /^\s*(?:OID\.)?(?<type>[A-Za-z][A-Za-z0-9-]*|[0-2](?:\.\d+)+)\s*=\s*/i;
/** `#` and the BER of a value, or characters, some escaped with a backslash. */
const VALUE = /^(?:#(?<hex>(?:[\da-f]{2})+)|(?<text>(?:\\(?:[\da-f]{2}|.)|[^\\,+"<>;])*))\s*/isu;

/**
 * A distinguished name as RFC 4514 writes it, the most specific part first; spaces around `,`, `+` and `=` do not
 * count. For names that people type: it throws MALFORMED with a message for them.
 */
export function parseNameText(text: string): Name {
  if (text.trimStart().startsWith('/')) throw wrong(text, 'it is written with slashes');
  const rdns: Uint8Array[][] = [[]];
  const types: string[] = [];
  let rest = text;
  for (;;) {
    const { oid, attribute, length } = readAttribute(rest, text);
    rdns[0]?.push(attribute);
    types.push(oid);
    rest = rest.slice(length);
    if (rest === '') break;
    if (rest.startsWith(',')) rdns.unshift([]);
    else if (!rest.startsWith('+')) throw wrong(text, `"${rest.slice(0, 20)}" was not expected`);
    rest = rest.slice(1);
  }
  if (rdns.length > 1 && BROADEST.has(types[0] ?? '')) {
    throw wrong(text, 'it begins with the country: turn it round');
  }
  const der = writeElement(TAG.sequence, ...rdns.map((rdn) => writeElement(TAG.set, ...rdn)));
  return readName(new DerReader(der), 'name');
}

function readAttribute(rest: string, text: string): { oid: string; attribute: Uint8Array; length: number } {
  const type = TYPE.exec(rest);
  const word = type?.groups?.['type'];
  if (type === null || word === undefined)
    throw wrong(text, `"${rest.slice(0, 20)}" is not in the form TYPE=VALUE`);
  const oid = /^\d/.test(word) ? word : TYPES.get(word.toLowerCase());
  if (oid === undefined) throw wrong(text, `the type ${word} is not known; write its OID`);
  const value = VALUE.exec(rest.slice(type[0].length));
  const hex = value?.groups?.['hex'];
  if (hex === undefined && value?.[0].startsWith('#')) throw wrong(text, 'a # begins hexadecimal');
  const octets =
    hex === undefined
      ? writeElement(
          IA5_TYPES.has(oid) ? TAG.ia5String : TAG.utf8String,
          unescape(value?.groups?.['text'] ?? ''),
        )
      : Buffer.from(hex, 'hex');
  return {
    oid,
    attribute: writeElement(TAG.sequence, writeOid(oid), octets),
    length: type[0].length + (value?.[0].length ?? 0),
  };
}

/** §3: a backslash stands before a character, or before the two digits of an octet. Unescaped spaces at the ends go. */
function unescape(text: string): Uint8Array {
  const trimmed = text.replace(/(?<!\\)\s+$/, '');
  const parts = trimmed.match(/\\(?:[\da-f]{2}|.)|[^\\]+/gisu) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (!part.startsWith('\\')) return Buffer.from(part);
      return Buffer.from(part.slice(1), /^\\[\da-f]{2}$/i.test(part) ? 'hex' : 'utf8');
    }),
  );
}

function wrong(text: string, why: string): Error {
  return malformed(`"${text}" is not a name in the form of RFC 4514 (CN=Example CA,O=Example,C=US): ${why}`);
}
