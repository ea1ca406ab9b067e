import { parseHost } from './host-name.js';

/** RFC 5321 §4.1.2 Dot-string, dots anywhere (some providers gave them out), and what RFC 6531 adds. */
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const DOT_STRING = /^(?:[\w!#$%&'*+/=?^`{|}~.-]|[^\0-\x7f])+$/;
/** RFC 5321 §4.1.2 Quoted-string. */
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const QUOTED_STRING = /^"((?:[ !#-[\]-~]|[^\0-\x7f]|\\[ -~])*)"$/;
const MAX_LOCAL = 255;

/** A mailbox (RFC 5321 §4.1.2). */
export interface Mailbox {
  /** The local part as it is written: RFC 5280 §7.5 compares it exactly. */
  readonly local: string;
  /** The same without quotes: RFC 5321 §4.1.2 has `"root"@host` deliver to `root@host`. */
  readonly unquoted: string;
  /** In lower case. */
  readonly host: string;
}

/** `undefined` for a text that is not a mailbox, and for addresses at an IP address. */
export function parseMailbox(text: string): Mailbox | undefined {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const host = parseHost(text.slice(at + 1));
  const unquoted = unquote(local);
  return host === undefined || unquoted === undefined ? undefined : { local, unquoted, host };
}

/** Is it a local part? */
export function isLocalPart(text: string): boolean {
  return unquote(text) !== undefined;
}

function unquote(local: string): string | undefined {
  // U+FFFD stands for what could not be decoded.
  if (local.length > MAX_LOCAL || local.includes('\ufffd')) return undefined;
  if (DOT_STRING.test(local)) return local;
  return QUOTED_STRING.exec(local)?.[1]?.replaceAll(/\\(.)/g, '$1');
}
