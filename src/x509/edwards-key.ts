/**
 * The y coordinates of the points whose order divides the cofactor, 8 for Ed25519 and 4 for Ed448 (RFC 8032 §5.1, §5.2),
 * and those that are equal to one of them modulo p. With such a public key a signature says nothing: it can be made
 * without the private key.
 */
const P_25519 = 2n ** 255n - 19n;
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const P_448 = 2n ** 448n - 2n ** 224n - 1n;
const SMALL_ORDER = new Map<number, ReadonlySet<bigint>>([
  [32, new Set([0n, 1n, P_25519 - 1n, P_25519, P_25519 + 1n, ORDER_8, P_25519 - ORDER_8])],
  [57, new Set([0n, 1n, P_448 - 1n, P_448, P_448 + 1n])],
]);

/** @param key the octets of an Ed25519 or Ed448 key: y, the least octet first, and in the last bit the sign of x */
export function isOfSmallOrder(key: Uint8Array): boolean {
  let y = 0n;
  for (let i = key.length - 1; i >= 0; i -= 1) y = (y << 8n) | BigInt(key[i]!);
  return SMALL_ORDER.get(key.length)?.has(BigInt.asUintN(8 * key.length - 1, y)) === true;
}
