import { spendWork, WORK } from '../../x509/work.js';

/** RFC 3986 §3: scheme, authority, path, and the rest. */
const URI = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/is;

/** With a plain host and a path, and nothing to normalise in them, unless it is a dot segment. */
const PLAIN = /^[a-z][a-z\d+.-]*:\/\/[a-z\d.-]+\/[^%]*$/;

/** The schemes that §7.4 names, and the port that each has by default. */
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', ftp: '21', ldap: '389' };

/**
 * The form in which URIs are compared, RFC 5280 §7.4: scheme and authority without regard to case, percent-encoding
 * and dot segments as RFC 3986 §6.2.2 normalises them, default port and empty path by the scheme. A URI without an
 * authority is compared as it is.
 */
export function uriKey(uri: string): string {
  if (PLAIN.test(uri) && !uri.includes('/.')) return uri;
  spendWork(uri.length * WORK.uriOctet);
  const [, rawScheme, authority, path, rest] = URI.exec(uri) ?? [];
  if (rawScheme === undefined || authority === undefined || path === undefined || rest === undefined)
    return uri;
  const scheme = rawScheme.toLowerCase();
  const port = DEFAULT_PORTS[scheme];
  const host = normalizeEscapes(authority).toLowerCase();
  const ownHost = port === undefined ? host : host.replace(new RegExp(`:(?:${port})?$`), '');
  const ownPath = path === '' && port !== undefined ? '/' : removeDotSegments(normalizeEscapes(path));
  return `${scheme}://${ownHost}${ownPath}${normalizeEscapes(rest)}`;
}

/** RFC 3986 §6.2.2.1 and §6.2.2.2: hexadecimal digits in upper case, unreserved characters as they are. */
function normalizeEscapes(text: string): string {
  return text.replaceAll(/%[\da-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
  });
}

/** RFC 3986 §5.2.4, of a path that begins with a slash. */
function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
    if (isLast && (segment === '.' || segment === '..')) kept.push('');
  }
  return `/${kept.join('/')}`;
}
