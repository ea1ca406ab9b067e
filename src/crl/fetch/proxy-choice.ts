import { parseIpAddress } from '../../ip-address.js';
import { isInRange, parseIpRange } from '../../ip-range.js';
import type { FetchUrl } from './fetch-url.js';

/** The proxy for a URL, or `undefined`: ask its server directly. */
export type ProxyChoice = (url: FetchUrl) => string | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

/** `crl.proxy`: `none`, `environment`, or the URL of the proxy for everything that NO_PROXY does not name. */
export function chooseProxy(setting: string, env: Environment): ProxyChoice {
  if (setting === 'none') return () => undefined;
  const isExempt = exemption(variable(env, 'no_proxy'));
  const forHttp = setting === 'environment' ? proxyIn(env, 'http_proxy') : setting;
  const forHttps = setting === 'environment' ? proxyIn(env, 'https_proxy') : setting;
  return (url) => {
    const proxy = url.isSecure ? forHttps : forHttp;
    return proxy === '' || isExempt(url) ? undefined : proxy;
  };
}

function proxyIn(env: Environment, name: string): string {
  const proxy = variable(env, name);
  return proxy === '' || proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** The lower-case variable goes first, as curl has it. */
function variable(env: Environment, name: string): string {
  return env[name] ?? env[name.toUpperCase()] ?? '';
}

/**
 * `*`, or hosts with commas: `example.org` and `.example.org` both stand for it and its subdomains, with a port for
 * that port alone; ranges of addresses stand for literal ones.
 */
function exemption(list: string): (url: FetchUrl) => boolean {
  const entries = list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => entry.toLowerCase());
  return (url) => entries.some((entry) => isNamedBy(entry, url));
}

function isNamedBy(entry: string, { host, port, literal }: FetchUrl): boolean {
  if (entry === '*') return true;
  const range = parseIpRange(entry.replace(/^\[(.*)\]$/, '$1'));
  if (range !== undefined) {
    const octets = literal === undefined ? undefined : parseIpAddress(literal);
    return octets !== undefined && isInRange(octets, range);
  }
  const [, name = '', only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  const bare = name.replace(/^\*?\./, '');
  const plain = host.replace(/\.$/, '');
  return bare !== '' && (plain === bare || (literal === undefined && plain.endsWith(`.${bare}`)));
}
