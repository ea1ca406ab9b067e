import { parseIpAddress } from '../ip-address.js';
import { parseIpRange, type IpRange } from '../ip-range.js';

/** An entry of `crl.allow`: what may be fetched from although it is not public, or at another port. */
export interface AllowedDestination {
  /** The entry's text. */
  readonly text: string;
  /** A host by name (lower case), or addresses. */
  readonly host: string | IpRange;
  /** Absent: those of http and https, 80 and 443. */
  readonly port?: number;
}

/** Letters, digits, dashes and underscores between dots: what DNS has, IDNs in their ASCII form. */
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]*[a-z][a-z0-9_-]*$/;

/** `host`, `host:port`, `10.0.0.0/8`, `10.1.2.3:8080`, `fd00::/8`, `[fd00::1]:8080`, `[fd00::/8]:8080`. */
export function parseAllowedDestination(text: string): AllowedDestination | undefined {
  const { host, port } = splitPort(text);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const destination = parseIpRange(host) ?? hostName(host);
  if (destination === undefined) return undefined;
  return { text, host: destination, ...(port === undefined ? {} : { port }) };
}

/** A host by name or address, or with a dot before it all names below one; lower case. */
export function isHostPattern(text: string): boolean {
  return parseIpAddress(text) !== undefined || hostName(text.replace(/^\./, '')) === text.replace(/^\./, '');
}

function splitPort(text: string): { host: string; port?: number } {
  const match = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const host = match?.groups?.['bracketed'] ?? match?.groups?.['plain'];
  if (host === undefined) return { host: text };
  const port = match?.groups?.['port'];
  return port === undefined ? { host } : { host, port: Number(port) };
}

/** A text that looks like an address but is not valid is not a host name either. */
function hostName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  return HOST_NAME.test(name) && parseIpAddress(name) === undefined ? name : undefined;
}
