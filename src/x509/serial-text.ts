/** Octets: a serial number has 20 at most (RFC 5280 §4.1.2.2); a longer one is cut and ends in `…`. */
const MAX_OCTETS = 64;

/**
 * A serial number in upper-case hexadecimal, two digits an octet, without the octet that stands there for the sign
 * alone: as `openssl x509 -serial` and Node's `X509Certificate.serialNumber` write it. A negative one begins with `-`.
 * The content octets of the INTEGER stand between `from` and `to`.
 */
export function serialText(bytes: Uint8Array, from: number, to: number): string {
  const first = bytes[from] ?? 0;
  if ((first & 0x80) !== 0) return negative(bytes.subarray(from, to));
  return hexadecimal(bytes, first === 0 && to - from > 1 ? from + 1 : from, to);
}

/** Two characters an octet: `toString('hex')` writes lower case, and to change that takes longer than to write. */
const DIGITS = Buffer.from(
  Array.from({ length: 256 }, (_, octet) => octet.toString(16).toUpperCase().padStart(2, '0')).join(''),
);
/** Made once: nothing in it outlives a call. */
const written = Buffer.alloc(2 * MAX_OCTETS);

function hexadecimal(bytes: Uint8Array, from: number, to: number): string {
  const end = Math.min(to, from + MAX_OCTETS);
  let length = 0;
  for (let at = from; at < end; at++) {
    const digits = 2 * bytes[at]!;
    written[length] = DIGITS[digits]!;
    written[length + 1] = DIGITS[digits + 1]!;
    length += 2;
  }
  const text = written.toString('latin1', 0, length);
  return end < to ? `${text}…` : text;
}

/** The magnitude from two's complement: every bit turned over, and one added. */
function negative(octets: Uint8Array): string {
  const magnitude = octets.map((octet) => octet ^ 0xff);
  let last = magnitude.length - 1;
  while (last >= 0 && magnitude[last] === 0xff) magnitude[last--] = 0;
  magnitude[last] = (magnitude[last] ?? 0) + 1;
  // -129, of the octets FF 7F, has the magnitude 00 81.
  const from = magnitude[0] === 0 && magnitude.length > 1 ? 1 : 0;
  return `-${hexadecimal(magnitude, from, magnitude.length)}`;
}
