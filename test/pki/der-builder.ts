/** Writes DER for tests, well-formed or broken: every function returns one element, `raw` returns what it is given. */
export type Der = Uint8Array;

export function element(tag: number, ...content: readonly Der[]): Der {
  const body = Buffer.concat(content);
  return Buffer.concat([header(tag, body.length), body]);
}

/** Tag and length of an element, without its content. */
export const header = (tag: number, length: number): Der =>
  Buffer.concat([Buffer.from([tag]), lengthOctets(length)]);

function lengthOctets(length: number): Der {
  if (length < 0x80) return Buffer.from([length]);
  const digits = length.toString(16);
  const octets = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

export const raw = (...octets: readonly number[]): Der => Buffer.from(octets);
export const hex = (digits: string): Der => Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');

export const sequence = (...content: readonly Der[]): Der => element(0x30, ...content);
export const set = (...content: readonly Der[]): Der => element(0x31, ...content);
/** `[n] EXPLICIT`, or `[n] IMPLICIT` over a constructed type's content. */
export const explicit = (n: number, ...content: readonly Der[]): Der => element(0xa0 | n, ...content);
/** `[n] IMPLICIT` over a primitive type's content octets. */
export const implicit = (n: number, content: Der): Der => element(0x80 | n, content);

export const bool = (value: boolean): Der => element(0x01, raw(value ? 0xff : 0));
export const octetString = (content: Der): Der => element(0x04, content);
export const bitString = (content: Der, unusedBits = 0): Der => element(0x03, raw(unusedBits), content);
export const derNull = (): Der => element(0x05);
export const enumerated = (value: number): Der => element(0x0a, raw(value));

/** An INTEGER by its value, minimal. */
export function integer(value: bigint | number): Der {
  const wanted = BigInt(value);
  let octets = 1;
  while (BigInt.asIntN(8 * octets, wanted) !== wanted) octets++;
  const digits = BigInt.asUintN(8 * octets, wanted)
    .toString(16)
    .padStart(2 * octets, '0');
  return element(0x02, Buffer.from(digits, 'hex'));
}

/** A BIT STRING of named bits, trimmed as DER wants. */
export function namedBits(...bits: readonly number[]): Der {
  return element(0x03, namedBitsContent(...bits));
}

export function namedBitsContent(...bits: readonly number[]): Der {
  if (bits.length === 0) return raw(0);
  const highest = Math.max(...bits);
  const octets = Buffer.alloc((highest >> 3) + 1);
  for (const bit of bits) octets[bit >> 3]! |= 0x80 >> (bit & 7);
  return Buffer.concat([raw(7 - (highest & 7)), octets]);
}

export function oidContent(dotted: string): Der {
  const arcs = dotted.split('.').map(BigInt);
  const numbers = [arcs[0]! * 40n + arcs[1]!, ...arcs.slice(2)];
  return Buffer.from(
    numbers.flatMap((number) => {
      const septets = [Number(number & 0x7fn)];
      for (let rest = number >> 7n; rest > 0n; rest >>= 7n) septets.unshift(Number(rest & 0x7fn) | 0x80);
      return septets;
    }),
  );
}

export const oid = (dotted: string): Der => element(0x06, oidContent(dotted));

export const utf8String = (text: string): Der => element(0x0c, Buffer.from(text, 'utf8'));
export const printableString = (text: string): Der => element(0x13, Buffer.from(text, 'latin1'));
export const ia5String = (text: string): Der => element(0x16, Buffer.from(text, 'latin1'));
export const bmpString = (text: string): Der => element(0x1e, Buffer.from(text, 'utf16le').swap16());

const digitsOf = (date: Date): string => `${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;

export const utcTime = (date: Date): Der => element(0x17, Buffer.from(digitsOf(date).slice(2)));
export const generalizedTime = (date: Date): Der => element(0x18, Buffer.from(digitsOf(date)));

/** A Time as RFC 5280 §4.1.2.5 wants it. */
export const time = (date: Date): Der =>
  date.getUTCFullYear() >= 1950 && date.getUTCFullYear() < 2050 ? utcTime(date) : generalizedTime(date);

/** A Name, an RDN for each pair of an attribute's OID and its value; a text becomes a UTF8String. */
export function name(...attributes: readonly (readonly [oid: string, value: string | Der])[]): Der {
  return sequence(...attributes.map((attribute) => set(attributeOf(attribute))));
}

export const attributeOf = ([type, value]: readonly [oid: string, value: string | Der]): Der =>
  sequence(oid(type), typeof value === 'string' ? utf8String(value) : value);

/** A Name of one common name. */
export const commonName = (text: string): Der => name(['2.5.4.3', text]);
