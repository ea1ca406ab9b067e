import { parseIpAddress } from '../../ip-address.js';
import { showUrl } from '../../show-url.js';
import { FetchError } from './fetch-error.js';

const MAX_URL = 4096;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** A URL that may be asked for, as far as its text can tell. */
export interface FetchUrl {
  /** Without fragment; ASCII alone. */
  readonly href: string;
  readonly isSecure: boolean;
  /** `http://host:port`, the port left out where it is the scheme's own. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The host, where it is an address. */
  readonly literal: string | undefined;
}

/**
 * Reads a URL, absolute or relative to another. The URL standard's parser turns every spelling of an IPv4 address
 * (2130706433, 0x7f.1, 0177.0.0.1) into the usual one or refuses it, so that what is checked is what is connected
 * to. Throws FetchError; its message names the URL only where it is the target of a redirect, the text beside a base.
 */
export function parseFetchUrl(text: string, base?: FetchUrl): FetchUrl {
  const what = base === undefined ? '' : `redirected to ${showUrl(text)}: `;
  if (text.length > MAX_URL)
    throw new FetchError('refused', `${what}the URL is longer than ${MAX_URL} characters`);
  const url = readUrl(text, base, what);
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined) {
    const scheme = url.protocol.slice(0, -1);
    throw new FetchError('unsupported', `${what}${scheme} is not supported, only http and https are`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new FetchError('refused', `${what}the URL carries a user name or password`);
  }
  url.hash = '';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    href: url.href,
    isSecure: url.protocol === 'https:',
    origin: url.origin,
    path: url.pathname + url.search,
    host,
    port: url.port === '' ? defaultPort : Number(url.port),
    literal: parseIpAddress(host) === undefined ? undefined : host,
  };
}

function readUrl(text: string, base: FetchUrl | undefined, what: string): URL {
  try {
    return new URL(text, base?.href);
  } catch (error) {
    throw new FetchError('refused', `${what}it is not a URL`, { cause: error });
  }
}
