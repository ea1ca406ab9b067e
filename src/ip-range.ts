import { formatIpAddress, parseIpAddress } from './ip-address.js';

/** The addresses of one family that begin with the same bits. */
export interface IpRange {
  /** 4 or 16 octets; those beyond `bits` are zero. */
  readonly octets: Uint8Array;
  readonly bits: number;
}

/** `10.0.0.0/8`, `fd00::/8`; a bare address is the range of itself. `undefined` for anything else. */
export function parseIpRange(text: string): IpRange | undefined {
  const match = /^(?<address>[^/]+)(?:\/(?<bits>\d{1,3}))?$/.exec(text);
  const octets = parseIpAddress(match?.groups?.['address'] ?? '');
  if (octets === undefined) return undefined;
  const bits = Number(match?.groups?.['bits'] ?? 8 * octets.length);
  if (bits > 8 * octets.length) return undefined;
  // An address with bits set beyond the prefix is a mistake: it is not clear which part is wrong.
  const masked = octets.map((octet, index) => octet & maskOf(bits, index));
  return masked.every((octet, index) => octet === octets[index]) ? { octets, bits } : undefined;
}

export function formatIpRange({ octets, bits }: IpRange): string {
  return `${formatIpAddress(octets)}/${bits}`;
}

export function isInRange(address: Uint8Array, { octets, bits }: IpRange): boolean {
  if (address.length !== octets.length) return false;
  return octets.every((octet, index) => ((address[index] ?? 0) & maskOf(bits, index)) === octet);
}

/** The bits of the octet at `index` that belong to a prefix of `bits` bits. */
function maskOf(bits: number, index: number): number {
  const within = Math.min(8, Math.max(0, bits - 8 * index));
  return (0xff << (8 - within)) & 0xff;
}
