import { formatIpAddress } from '../../ip-address.js';
import { isInRange, parseIpRange, type IpRange } from '../../ip-range.js';

/** The class of an address. Only `public` addresses may be fetched from without a permission. */
export type AddressClass =
  | 'public'
  | 'private'
  | 'shared'
  | 'loopback'
  | 'link-local'
  | 'metadata'
  | 'multicast'
  | 'unspecified'
  | 'documentation'
  | 'benchmarking'
  | 'reserved'
  | 'local NAT64';

/**
 * The special-purpose address registries of IANA (RFC 6890 and its updates), and the addresses at which clouds
 * give out a machine's own credentials; the first that fits counts.
 */
const CLASSES: readonly (readonly [AddressClass, readonly string[]])[] = [
  // 168.63.129.16 is Azure's, 100.100.100.200 Alibaba's, 192.0.0.192 Oracle's, 169.254.170.2 that of Amazon's tasks.
  ['metadata', ['169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200', '192.0.0.192']],
  ['metadata', ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fe80::a9fe:a9fe']],
  ['unspecified', ['0.0.0.0/8', '::']],
  ['loopback', ['127.0.0.0/8', '::1']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  // RFC 6598: addresses inside a carrier's NAT.
  ['shared', ['100.64.0.0/10']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['documentation', ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20']],
  ['benchmarking', ['198.18.0.0/15', '2001:2::/48']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  // RFC 8215: what the prefix leads to is known to this network's translator alone.
  ['local NAT64', ['64:ff9b:1::/48']],
  ['reserved', ['192.0.0.0/24', '192.88.99.0/24', '240.0.0.0/4', '2001::/23']],
  ['public', ['0.0.0.0/0', '2000::/3']],
  // In IPv6 only 2000::/3 is allocated for public use.
  ['reserved', ['::/0']],
];

const TABLE = CLASSES.flatMap(([name, ranges]) => ranges.map((text) => ({ name, range: rangeOf(text) })));

/** Forms of IPv6 that a translator or a tunnel turns into IPv4: where it stands, or its complement. */
const EMBEDDINGS: readonly { range: IpRange; at: number; inverted?: number }[] = [
  // RFC 4291 §2.5.5.2, §2.5.5.1 (deprecated), and the translated form of RFC 2765.
  { range: rangeOf('::ffff:0:0/96'), at: 12 },
  { range: rangeOf('::/96'), at: 12 },
  { range: rangeOf('::ffff:0:0:0/96'), at: 12 },
  // NAT64, RFC 6052 §2.1.
  { range: rangeOf('64:ff9b::/96'), at: 12 },
  // 6to4, RFC 3056.
  { range: rangeOf('2002::/16'), at: 2 },
  // Teredo, RFC 4380 §4: the server, and the client with its bits inverted.
  { range: rangeOf('2001::/32'), at: 4, inverted: 12 },
];

export interface Classified {
  readonly name: AddressClass;
  /** The address that was classified, where it stood inside another. */
  readonly embedded?: string;
}

/** The class of an address of 4 or 16 octets; of one that leads to IPv4 addresses, theirs. */
export function classifyAddress(octets: Uint8Array): Classified {
  const plain = plainClass(octets);
  // `::` and `::1` are addresses of their own, and lie within the range of the compatible ones.
  if (octets.length === 4 || plain === 'unspecified' || plain === 'loopback') return { name: plain };
  const embedding = EMBEDDINGS.find(({ range }) => isInRange(octets, range));
  if (embedding === undefined) return { name: plain };
  for (const address of embeddedIn(octets, embedding)) {
    const name = plainClass(address);
    if (name !== 'public') return { name, embedded: formatIpAddress(address) };
  }
  return { name: 'public' };
}

/** An IPv4-mapped address is the IPv4 address: the kernel connects to the same place. Others stay. */
export function unmapped(octets: Uint8Array): Uint8Array {
  return isInRange(octets, rangeOf('::ffff:0:0/96')) ? octets.subarray(12) : octets;
}

function embeddedIn(octets: Uint8Array, { at, inverted }: (typeof EMBEDDINGS)[number]): Uint8Array[] {
  const found = [octets.slice(at, at + 4)];
  if (inverted !== undefined) found.push(octets.slice(inverted, inverted + 4).map((octet) => octet ^ 0xff));
  return found;
}

function plainClass(octets: Uint8Array): AddressClass {
  return TABLE.find(({ range }) => isInRange(octets, range))?.name ?? 'reserved';
}

function rangeOf(text: string): IpRange {
  const range = parseIpRange(text);
  if (range === undefined) throw new TypeError(`${text} is not a range of addresses`);
  return range;
}
