import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { formatIpAddress, parseIpAddress } from '../../ip-address.js';

/** All addresses of a name, in the order in which they are to be tried. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Resolved by the system's rules, including /etc/hosts. */
export async function resolveBySystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/** The addresses of this machine. Read each time: interfaces come and go. */
export function ownAddresses(): ReadonlySet<string> {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(
    own.flatMap(({ address }) => {
      const octets = parseIpAddress(address);
      return octets === undefined ? [] : [formatIpAddress(octets)];
    }),
  );
}
