import { TAG } from './der.js';
import { attributesOf } from './name-key.js';
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
export function formatName(name: { readonly der: Uint8Array }): string {
  let text = '';
  for (const rdn of attributesOf(name.der).toReversed()) {
    for (const [index, { oid, tag, value }] of rdn.entries()) {
      if (text.length > MAX_NAME) return text + ELLIPSIS;
      const separator = text === '' ? '' : index === 0 ? ',' : '+';
      text += separator + formatAttribute(oid, tag, value);
    }
  }
  return text;
}

/** `TYPE=value` of one AttributeTypeAndValue. */
export function formatAttribute(oid: string, tag: number, value: Uint8Array): string {
  const shortName = SHORT_NAMES.get(oid);
  const text = textOf(tag, value);
  if (shortName === undefined || text === undefined) return `${shortName ?? oid}=#${hexElement(tag, value)}`;
  if (text.length <= MAX_VALUE) return `${shortName}=${escapeValue(text)}`;
  return `${shortName}=${escapeValue(text.slice(0, MAX_VALUE))}${ELLIPSIS}`;
}

function textOf(tag: number, value: Uint8Array): string | undefined {
  // A character has up to four octets; one that is cut stands beyond what is shown.
  const octets = Buffer.from(value.subarray(0, 4 * (MAX_VALUE + 1)));
  // What is not text of its type is shown nevertheless, as far as it goes.
  if (tag === TAG.bmpString) return octets.swap16().toString('utf16le');
  if (tag === TAG.printableString || tag === TAG.ia5String) return octets.toString('utf8');
  return textOfString(tag, octets, 0, octets.length);
}

/** The BER of the value in hexadecimal (§2.4); a long one is cut: this is for people. */
function hexElement(tag: number, value: Uint8Array): string {
  const shown = value.subarray(0, 100);
  return Buffer.from([tag, shown.length, ...shown]).toString('hex');
}

function escapeValue(text: string): string {
  return (
    text
      .replaceAll(/["+,;<>\\]/g, String.raw`\$&`)
      // oxlint-disable-next-line no-control-regex -- a control character must not reach a terminal or a log line
      .replaceAll(/[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, escapeOctets)
      .replace(/^[ #]/, String.raw`\$&`)
      .replace(/ $/, String.raw`\$&`)
  );
}

function escapeOctets(character: string): string {
  return Buffer.from(character, 'utf8')
    .toString('hex')
    .replaceAll(/../g, String.raw`\$&`);
}
