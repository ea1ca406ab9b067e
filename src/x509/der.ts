import { Buffer } from 'node:buffer';
import { readOid } from './oid.js';
import { malformed } from './x509-error.js';

/** Identifier octets, with the constructed bit where DER wants it. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n]` over a primitive type. */
export const contextPrimitive = (n: number): number => 0x80 | n;
/** `[n]` over a constructed type, or EXPLICIT. */
export const contextConstructed = (n: number): number => 0xa0 | n;

/**
 * A cursor over DER (X.690 §8–11) that makes no object per element: after each read, `tag`, `tlv`, `from` and
 * `to` describe the element just read.
 *
 *     30 82 01 0a 02 01 05 …
 *     │           │        └ to (exclusive)
 *     tlv         from
 *
 * `enter` narrows the cursor to an element's content and `leave` widens it again; what is not entered is not
 * looked into, so the depth is that of the grammar that the caller walks. Whatever is wrong throws MALFORMED
 * with the name of the field that the caller gives.
 */
export class DerReader {
  readonly bytes: Buffer;
  /** The start of the next element. */
  pos: number;
  /** The end of the current container. */
  end: number;
  tag = 0;
  tlv = 0;
  from = 0;
  to = 0;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    // One kind of array keeps the engine's reads fast; a Buffer is a view, too.
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = from;
    this.end = to;
  }

  get done(): boolean {
    return this.pos === this.end;
  }

  /** The tag of the next element, 0 at the end of the container. */
  peek(): number {
    return this.pos < this.end ? this.bytes[this.pos]! : 0;
  }

  /** Reads an element of any type. */
  next(what: string): void {
    const { bytes, end } = this;
    let p = this.pos;
    if (p + 2 > end) throw malformed(p === end ? `${what} is missing` : `${what} is cut off`);
    const tag = bytes[p]!;
    // Multi-byte tags occur nowhere in X.509, and tag 0 is BER's end of contents.
    if (tag === 0 || (tag & 0x1f) === 0x1f) throw malformed(`${what} has the impossible tag ${tag}`);
    let length = bytes[p + 1]!;
    p += 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0) throw malformed(`${what} has an indefinite length`);
      if (octets > 4 || p + octets > end) throw malformed(`${what} is cut off`);
      const isPadded = bytes[p] === 0;
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[p++]!;
      if (length < 0x80 || isPadded) throw malformed(`${what} has a length that is not minimal`);
    }
    if (length > end - p) throw malformed(`${what} is cut off`);
    this.tag = tag;
    this.tlv = this.pos;
    this.from = p;
    this.pos = this.to = p + length;
  }

  /** Reads an element that must have this tag. */
  expect(tag: number, what: string): void {
    this.next(what);
    if (this.tag !== tag) throw malformed(`${what} has tag ${this.tag} instead of ${tag}`);
  }

  /** Goes into an element; returns what `leave` wants. */
  enter(tag: number, what: string): number {
    this.expect(tag, what);
    return this.into();
  }

  /** The same for the element just read. */
  into(): number {
    const outer = this.end;
    this.pos = this.from;
    this.end = this.to;
    return outer;
  }

  /** Goes into a SEQUENCE OF or SET OF that must hold something (`SIZE (1..MAX)`). */
  enterNonEmpty(tag: number, what: string): number {
    const outer = this.enter(tag, what);
    if (this.pos === this.end) throw malformed(`${what} is empty`);
    return outer;
  }

  leave(outer: number, what: string): void {
    this.finish(what);
    this.end = outer;
  }

  /** Refuses what is left in the container. */
  finish(what: string): void {
    if (this.pos !== this.end) throw malformed(`${what} has trailing data`);
  }

  /** Content octets of the element just read. */
  content(): Uint8Array {
    return this.bytes.subarray(this.from, this.to);
  }

  /** The whole element just read. */
  element(): Uint8Array {
    return this.bytes.subarray(this.tlv, this.to);
  }

  boolean(what: string, tag: number = TAG.boolean): boolean {
    this.expect(tag, what);
    const value = this.bytes[this.from]!;
    if (this.to - this.from !== 1 || (value !== 0 && value !== 0xff))
      throw malformed(`${what} is no DER BOOLEAN`);
    return value === 0xff;
  }

  /** Reads an INTEGER of any size and sign; its content octets stand between `from` and `to`. */
  integer(what: string, tag: number = TAG.integer): void {
    this.expect(tag, what);
    const { bytes, from, to } = this;
    if (from === to) throw malformed(`${what} is empty`);
    if (to - from > 1) {
      const first = bytes[from]!;
      const sign = bytes[from + 1]! & 0x80;
      if ((first === 0 && sign === 0) || (first === 0xff && sign !== 0))
        throw malformed(`${what} is not minimal`);
    }
  }

  /** Reads an INTEGER (0..MAX); beyond 2^48 it is MAX_SAFE_INTEGER, since all that use it compare or count. */
  unsigned(what: string, tag: number = TAG.integer): number {
    this.integer(what, tag);
    const { bytes, from, to } = this;
    if (bytes[from]! & 0x80) throw malformed(`${what} is negative`);
    if (to - from > 7) return Number.MAX_SAFE_INTEGER;
    let value = 0;
    for (let i = from; i < to; i++) value = value * 256 + bytes[i]!;
    return Math.min(value, Number.MAX_SAFE_INTEGER);
  }

  /** Reads a BIT STRING of whole octets; they stand between `from` and `to`. */
  octetsAsBits(what: string, tag: number = TAG.bitString): void {
    if (this.bitString(what, tag) !== 0) throw malformed(`${what} has unused bits`);
  }

  /** Reads a BIT STRING; its octets stand between `from` and `to`. Returns the number of unused bits. */
  bitString(what: string, tag: number = TAG.bitString): number {
    this.expect(tag, what);
    const { bytes, to } = this;
    if (this.from === to) throw malformed(`${what} is empty`);
    const unused = bytes[this.from++]!;
    if (unused > 7 || (unused > 0 && this.from === to)) throw malformed(`${what} has impossible unused bits`);
    if (unused > 0 && bytes[to - 1]! & ((1 << unused) - 1))
      throw malformed(`${what} has unused bits that are set`);
    return unused;
  }

  /**
   * Reads a BIT STRING of named bits as a mask, bit 0 of the ASN.1 as 1. Bits above 30 have no name anywhere
   * and are left out. Trailing zero bits, which X.690 §11.2.2 forbids, are written by real CAs and change
   * nothing.
   */
  namedBits(what: string, tag: number = TAG.bitString): number {
    this.bitString(what, tag);
    let mask = 0;
    for (let bit = 0; bit < 31 && this.from + (bit >> 3) < this.to; bit++) {
      if (this.bytes[this.from + (bit >> 3)]! & (0x80 >> (bit & 7))) mask |= 1 << bit;
    }
    return mask;
  }

  null(what: string, tag: number = TAG.null): void {
    this.expect(tag, what);
    if (this.from !== this.to) throw malformed(`${what} is no NULL`);
  }

  /** Reads an OBJECT IDENTIFIER as a dotted string. */
  oid(what: string, tag: number = TAG.oid): string {
    this.expect(tag, what);
    return readOid(this.bytes, this.from, this.to, what);
  }
}
