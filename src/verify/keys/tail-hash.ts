const TAIL_OCTETS = 16;

/**
 * A cheap key for bytes whose end tells them apart (a signature, a common name), for look-ups that compare the whole
 * bytes afterwards. FNV-1a over the length and the last 16 bytes.
 */
export function tailHash(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = length;
  for (let at = Math.max(0, length - TAIL_OCTETS); at < length; at++) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x0100_0193);
  }
  return hash;
}
