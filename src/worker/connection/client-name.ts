import { isIPv6 } from 'node:net';

/** Groups of 16 bits of an IPv6 address that name a network: what is behind them, one host gives itself. */
const NETWORK = 4;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Who shares turns and places, as far as the system tells it from the other end of a connection: an IPv4 address; the
 * first 64 bits of an IPv6 address, since one host may have all addresses that begin with them (RFC 4862); of
 * link-local addresses the whole, which has a single network for all hosts of a link. The other end of a UNIX socket
 * has no name that Node tells: those of one listener are one client.
 * @param remoteAddress as a socket has it; undefined for a UNIX socket, and for a connection that is gone.
 */
export function clientName(remoteAddress: string | undefined, listener: string): string {
  if (remoteAddress === undefined) return `listener ${listener}`;
  if (!isIPv6(remoteAddress)) return remoteAddress;
  const mapped = MAPPED.exec(remoteAddress)?.[1];
  if (mapped !== undefined) return mapped;
  if (/^fe[89ab]/i.test(remoteAddress)) return remoteAddress;
  return `${networkOf(remoteAddress)}::/64`;
}

/** The first groups, where `::` may stand for any number of zeros. */
function networkOf(address: string): string {
  const [head = '', tail = ''] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::') ? 8 - first.length - last.length : 0;
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last];
  return groups.slice(0, NETWORK).join(':');
}
