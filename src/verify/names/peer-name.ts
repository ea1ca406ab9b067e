import { domainToASCII } from 'node:url';
import type { VerifyRequest } from '../../wire/request.js';
import type { Certificate } from '../../x509/certificate.js';
import { type GeneralName, smtpUtf8Mailbox } from '../../x509/general-name.js';
import { escapeUnseen } from '../../x509/name-format.js';
import type { Budget } from '../budget.js';
import { RequestError, VerifyError } from '../failure.js';
import { isHostName } from './host-syntax.js';
import { named } from '../named.js';
import { parseIpAddress } from '../../ip-address.js';
import { isLocalPart, parseMailbox } from './mailbox.js';
import type { Rule } from '../profiles.js';
import { isPublicSuffix } from './public-suffix.js';

/** A reference identity (RFC 9525 §6.1): what the client meant to reach. */
export type PeerName =
  /** An A-label host name in lower case, without the final dot. */
  | { readonly kind: 'dns'; readonly text: string }
  | { readonly kind: 'ip'; readonly text: string; readonly bytes: Uint8Array }
  | { readonly kind: 'rfc822'; readonly text: string; readonly local: string; readonly domain: string };

/** Characters: no host name of 253 octets comes of more, however it is spelled. */
const MAX_TEXT = 1024;
/** All of ASCII but letters, digits, hyphen, underscore and the dot between labels. */
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII_OF_NO_HOST = /[\0-\x2c/:-@[-^`{-\x7f]/;
const NONE: readonly string[] = [];

/** The names of a request; throws BAD_ARGUMENT for one that is not a valid name of its kind. */
export function peerNames(request: VerifyRequest): readonly PeerName[] {
  const names: PeerName[] = [];
  for (const text of request.hosts ?? NONE) names.push(dnsName(text));
  for (const text of request.ips ?? NONE) names.push(ipName(text));
  for (const text of request.emails ?? NONE) names.push(emailName(text));
  return names;
}

/**
 * Throws PEER_NAME unless the subjectAltName has every one of the names; the subject is never looked at. Throws
 * BUDGET_EXCEEDED before it compares too many with too many.
 */
export function checkPeerNames(
  certificates: readonly Certificate[],
  wanted: readonly PeerName[],
  rules: ReadonlySet<Rule>,
  budget: Budget,
): void {
  const leaf = certificates[0];
  if (leaf === undefined || wanted.length === 0) return;
  budget.spendMatches(wanted.length * (leaf.subjectAltName?.length ?? 0));
  for (const name of wanted) {
    if (leaf.subjectAltName?.some((presented) => matches(presented, name, rules)) === true) continue;
    throw new VerifyError('PEER_NAME', `${named(leaf)} is not for ${quoted(name.text)}`);
  }
}

function matches(presented: GeneralName, wanted: PeerName, rules: ReadonlySet<Rule>): boolean {
  if (presented.kind === 'dns' && wanted.kind === 'dns') {
    return matchesDns(presented.value, wanted.text, rules.has('no-wildcard-on-public-suffix'));
  }
  // RFC 9525 §6.4
  if (presented.kind === 'ip' && wanted.kind === 'ip')
    return Buffer.compare(presented.bytes, wanted.bytes) === 0;
  if (wanted.kind !== 'rfc822') return false;
  if (presented.kind === 'rfc822') return matchesEmail(presented.value, wanted);
  // RFC 9598 §5
  const mailbox = presented.kind === 'other' ? smtpUtf8Mailbox(presented.der) : undefined;
  return mailbox !== undefined && matchesEmail(mailbox, wanted);
}

/**
 * RFC 9525 §6.3: a wildcard stands for exactly one whole left-most label, above at least two more; with the profile's
 * rule, no public suffix may be what it stands above (BR §3.2.2.6).
 */
function matchesDns(presented: string, wanted: string, appliesSuffixes: boolean): boolean {
  if (presented === wanted) return true;
  // A wildcard stands for one character at least.
  if (presented.length > wanted.length) return false;
  const pattern = presented.toLowerCase();
  if (!pattern.startsWith('*.')) return pattern === wanted;
  const suffix = pattern.slice(1);
  const dot = wanted.indexOf('.');
  if (dot <= 0 || wanted.slice(dot) !== suffix || !suffix.includes('.', 1)) return false;
  return !appliesSuffixes || !isPublicSuffix(suffix.slice(1));
}

/** RFC 5280 §7.5: the local part exactly, the host without regard to case. What is not a mailbox matches none. */
function matchesEmail(
  presented: string,
  wanted: { readonly local: string; readonly domain: string },
): boolean {
  if (!presented.startsWith(`${wanted.local}@`)) return false;
  const mailbox = parseMailbox(presented);
  return mailbox?.local === wanted.local && mailbox.host === wanted.domain;
}

/** As it was written, with invisible characters escaped. */
function quoted(text: string): string {
  return `"${escapeUnseen(text, 256)}"`;
}

function dnsName(text: string): PeerName {
  const ascii = toHostName(text.endsWith('.') ? text.slice(0, -1) : text);
  if (ascii === undefined) throw new RequestError('BAD_ARGUMENT', `${quoted(text)} is not a host name`);
  // An address ends with a digit, and hardly any host does.
  if (isDigit(ascii.charCodeAt(ascii.length - 1)) && parseIpAddress(ascii) !== undefined) {
    throw new RequestError('BAD_ARGUMENT', `${quoted(text)} is an IP address, not a host name`);
  }
  return { kind: 'dns', text: ascii };
}

/**
 * The A-labels of a host name in lower case; `undefined` for what is not one. IDNA alone would not do: it reads its
 * input as the host of a URL, up to the first `/`, `?` or `#`, and with what `%65` stands for.
 */
function toHostName(text: string): string | undefined {
  if (text.length > MAX_TEXT) return undefined;
  if (isHostName(text)) return text.toLowerCase();
  if (ASCII_OF_NO_HOST.test(text)) return undefined;
  const ascii = domainToASCII(text);
  return isHostName(ascii) ? ascii : undefined;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function ipName(text: string): PeerName {
  const bytes = parseIpAddress(text);
  if (bytes === undefined) throw new RequestError('BAD_ARGUMENT', `${quoted(text)} is not an IP address`);
  return { kind: 'ip', text, bytes };
}

function emailName(text: string): PeerName {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const domain = toHostName(text.slice(at + 1));
  if (!isLocalPart(local) || domain === undefined) {
    throw new RequestError('BAD_ARGUMENT', `${quoted(text)} is not an e-mail address`);
  }
  return { kind: 'rfc822', text, local, domain };
}
