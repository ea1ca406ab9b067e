import { parseHost } from './host-name.js';

/** RFC 5321 §4.1.2 Dot-string, dots anywhere (some providers gave them out), and what RFC 6531 adds. */
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const DOT_STRING = /^(?:[\w!#$%&'*+/=?^`{|}~.-]|[^\0-\x7f])+$/;
/** RFC 5321 §4.1.2 Quoted-string. */
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const QUOTED_STRING = /^"((?:[ !#-[\]-~]|[^\0-\x7f]|\\[ -~])*)"$/;
const MAX_LOCAL = 255;

/**
 * A mailbox in the form in which it is compared: the host in lower case, the local part without quotes, since
 * `"root"@host` is the mailbox of `root@host` (RFC 5321 §4.1.2). `undefined` for what is none, and for addresses at
 * an IP address.
 */
export function parseMailbox(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  const host = parseHost(text.slice(at + 1));
  const local = at > 0 && at <= MAX_LOCAL ? parseLocal(text.slice(0, at)) : undefined;
  return host === undefined || local === undefined ? undefined : `${local}@${host}`;
}

function parseLocal(text: string): string | undefined {
  if (DOT_STRING.test(text)) return text;
  return QUOTED_STRING.exec(text)?.[1]?.replaceAll(/\\(.)/g, '$1');
}
