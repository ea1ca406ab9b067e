import { isIPv6 } from 'node:net';

/** The 16-bit groups of an IPv6 address that name a network; a host chooses the others itself. */
const NETWORK = 4;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The name of the client that shares turns and places, from the peer address of a connection: an IPv4 address; the
 * first 64 bits of an IPv6 address, since one host may have all addresses that begin with them (RFC 4862); a whole
 * link-local address, since all hosts of a link share one network. Node does not tell the peer of a UNIX socket, so all
 * connections of one listener are one client.
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
