import { contextConstructed, contextPrimitive, DerReader, TAG } from './der.js';
import { isAscii, MAX_NAME, type Name, readName } from './name.js';
import { OID } from './oid.js';
import { spendWork, WORK } from './work.js';
import { malformed } from './x509-error.js';

/** RFC 5280 §4.2.1.6. `der` is the whole TLV, with its context tag. */
export type GeneralName =
  | { readonly kind: 'dns' | 'rfc822' | 'uri'; readonly value: string }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array }
  | { readonly kind: 'dn'; readonly name: Name }
  | { readonly kind: 'other' | 'x400' | 'edi' | 'rid'; readonly der: Uint8Array };

const OTHER_NAME = contextConstructed(0);
const RFC822_NAME = contextPrimitive(1);
const DNS_NAME = contextPrimitive(2);
const X400_ADDRESS = contextConstructed(3);
const DIRECTORY_NAME = contextConstructed(4);
const EDI_PARTY_NAME = contextConstructed(5);
const URI = contextPrimitive(6);
const IP_ADDRESS = contextPrimitive(7);
const REGISTERED_ID = contextPrimitive(8);

/** The content of an iPAddress: an address, or in name constraints an address and its mask (§4.2.1.10). */
export type IpForm = 'address' | 'range';

/** Reads GeneralNames (`SIZE (1..MAX)`), by default under SEQUENCE's own tag. */
export function readGeneralNames(r: DerReader, what: string, tag: number): GeneralName[] {
  const names: GeneralName[] = [];
  const outer = r.enterNonEmpty(tag, what);
  while (!r.done) {
    spendWork(WORK.generalName);
    names.push(readGeneralName(r, what, 'address'));
  }
  r.leave(outer, what);
  return names;
}

export function readGeneralName(r: DerReader, what: string, ipForm: IpForm): GeneralName {
  switch (r.peek()) {
    case DNS_NAME:
      return { kind: 'dns', value: readIa5(r, what) };
    case RFC822_NAME:
      return { kind: 'rfc822', value: readIa5(r, what) };
    case URI:
      return { kind: 'uri', value: readIa5(r, what) };
    case IP_ADDRESS:
      return { kind: 'ip', bytes: ipForm === 'address' ? readIpAddress(r, what) : readIpRange(r, what) };
    case DIRECTORY_NAME: {
      const outer = r.enter(DIRECTORY_NAME, what);
      const name = readName(r, what);
      r.leave(outer, what);
      return { kind: 'dn', name };
    }
    case OTHER_NAME:
      spendWork(WORK.oid);
      return { kind: 'other', der: readOtherName(r, what) };
    case REGISTERED_ID:
      spendWork(WORK.oid);
      r.oid(what, REGISTERED_ID);
      return { kind: 'rid', der: r.element() };
    case X400_ADDRESS:
      r.next(what);
      return { kind: 'x400', der: r.element() };
    case EDI_PARTY_NAME:
      r.next(what);
      return { kind: 'edi', der: r.element() };
    default:
      throw malformed(`${what} holds no GeneralName (tag ${r.peek()})`);
  }
}

function checkLength({ from, to }: Pick<DerReader, 'from' | 'to'>, what: string): void {
  if (to - from > MAX_NAME)
    throw malformed(`${what} holds a name of ${to - from} octets, more than ${MAX_NAME}`);
}

function readIa5(r: DerReader, what: string): string {
  r.next(what);
  checkLength(r, what);
  const { bytes, from, to } = r;
  if (!isAscii(bytes, from, to)) throw malformed(`${what} holds an IA5String that is not ASCII`);
  return bytes.toString('latin1', from, to);
}

function readIpAddress(r: DerReader, what: string): Uint8Array {
  r.next(what);
  const length = r.to - r.from;
  if (length !== 4 && length !== 16) throw malformed(`${what} holds an address of ${length} octets`);
  return r.content();
}

/** Address and mask; RFC 4632 allows a mask of leading ones only. */
function readIpRange(r: DerReader, what: string): Uint8Array {
  r.next(what);
  const length = r.to - r.from;
  if (length !== 8 && length !== 32) throw malformed(`${what} holds an address range of ${length} octets`);
  for (let i = r.from + length / 2, ended = false; i < r.to; i++) {
    const zeros = ~r.bytes[i]! & 0xff;
    if ((ended && zeros !== 0xff) || (zeros & (zeros + 1)) !== 0) {
      throw malformed(`${what} holds an address mask with gaps`);
    }
    ended ||= zeros !== 0;
  }
  return r.content();
}

function readOtherName(r: DerReader, what: string): Uint8Array {
  const outer = r.enter(OTHER_NAME, what);
  checkLength({ from: r.pos, to: r.end }, what);
  const der = r.element();
  r.oid(what);
  const outerValue = r.enter(contextConstructed(0), what);
  r.next(what);
  r.leave(outerValue, what);
  r.leave(outer, what);
  return der;
}

/**
 * The address in an otherName (a TLV with its context tag) that is an SmtpUTF8Mailbox (RFC 9598 §3), or '' for a value
 * of another type; `undefined` for any other otherName.
 */
export function smtpUtf8Mailbox(der: Uint8Array): string | undefined {
  const r = new DerReader(der);
  r.enter(OTHER_NAME, 'otherName');
  if (r.oid('otherName') !== OID.smtpUtf8Mailbox) return undefined;
  r.enter(contextConstructed(0), 'otherName');
  r.next('otherName');
  if (r.tag !== TAG.utf8String) return '';
  spendWork(WORK.mailbox + (r.to - r.from) * WORK.textOctet);
  return decodeUtf8(r.content());
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(octets: Uint8Array): string {
  try {
    return strictUtf8.decode(octets);
  } catch {
    // Not UTF-8: like a value of another type, it is not an address.
    return '';
  }
}
