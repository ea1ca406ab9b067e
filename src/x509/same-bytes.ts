/** Are the octets of `bytes` between `from` and `to` those of `other` between its own? */
export function sameBytes(
  bytes: Uint8Array,
  from: number,
  to: number,
  other: Uint8Array,
  otherFrom = 0,
  otherTo = other.length,
): boolean {
  if (to - from !== otherTo - otherFrom) return false;
  for (let i = from, j = otherFrom; i < to; i++, j++) {
    if (bytes[i] !== other[j]) return false;
  }
  return true;
}
