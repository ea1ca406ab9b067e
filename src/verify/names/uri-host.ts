import { parseHost } from './host-name.js';

/** RFC 3986 §2: what no URI holds; a backslash or a space would make readers disagree on where the host is. */
const FORBIDDEN = /[^\w\-.~:/?#[\]@!$&'()*+,;=%]/;
/** RFC 3986 §3: scheme "://" [ userinfo "@" ] host [ ":" port ], up to the path, query or fragment. */
const AUTHORITY = /^[a-z][a-z\d+.-]*:\/\/(?:[^@/?#]*@)?([^@:/?#]*)(?::\d*)?(?:[/?#]|$)/i;
const IP_LIKE = /(?:^|\.)(?:\d+|0x[\da-f]*)$/;

/**
 * The host of a URI in lower case, when it is "specified as a fully qualified domain name" (§4.2.1.10): not an IP
 * address in any spelling, and more than one label.
 */
export function hostOfUri(uri: string): string | undefined {
  if (FORBIDDEN.test(uri)) return undefined;
  const host = parseHost(AUTHORITY.exec(uri)?.[1] ?? '');
  return host === undefined || !host.includes('.') || IP_LIKE.test(host) ? undefined : host;
}
