import { isUtf8 } from 'node:buffer';
import { RequestError } from './request-error.js';

const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;
/** The first of the forms with an explicit length; the two after each have lengths of 2 and 4 bytes. */
const BIN = 0xc4;
const STR = 0xd9;
/** Types without a form with a length of 1 byte. */
const ARRAY16 = 0xdc;
const MAP16 = 0xde;
const FLOAT32 = 0xca;
const FLOAT64 = 0xcb;
const UINT8 = 0xcc;
const INT8 = 0xd0;

/**
 * Walks over one msgpack value whose shape the caller knows. Nothing is decoded or allocated, whatever the value
 * announces. Throws `RequestError` for another shape.
 */
export class Scanner {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Skips a nil; false if there is another value. */
  nil(): boolean {
    if (this.#bytes[this.#at] !== NIL) return false;
    this.#at++;
    return true;
  }

  /** The number of pairs of a map; the caller walks over each. */
  map(what: string): number {
    return this.#count(what, 'a map', 0x80, MAP16);
  }

  /** The number of items of an array. */
  array(what: string): number {
    return this.#count(what, 'an array', 0x90, ARRAY16);
  }

  /** Skips a byte string. */
  bytes(what: string): void {
    const first = this.#byte(what);
    if (first < BIN || first > BIN + 2) throw wrong(what, 'a byte string (bin)', first);
    this.#pass(what, this.#number(what, 1 << (first - BIN)));
  }

  /** Skips a text and checks that it is UTF-8: other octets would be decoded to a different text. */
  text(what: string): void {
    const length = this.#text(what);
    const bytes = this.#bytes;
    for (let at = this.#at - length; at < this.#at; at++) {
      if (bytes[at]! < 0x80) continue;
      if (isUtf8(bytes.subarray(at, this.#at))) return;
      throw new RequestError('BAD_ARGUMENT', `${what} is not UTF-8`);
    }
  }

  /** Skips a text of any octets; returns its length. */
  #text(what: string): number {
    const first = this.#byte(what);
    let length: number;
    if (first >= 0xa0 && first <= 0xbf) length = first & 0x1f;
    else if (first >= STR && first <= STR + 2) length = this.#number(what, 1 << (first - STR));
    else throw wrong(what, 'a string', first);
    this.#pass(what, length);
    return length;
  }

  /** Reads a text of ASCII letters, like a field's name; only the beginning of a longer one. */
  key(what: string, longest: number): string {
    const length = this.#text(what);
    const start = this.#at - length;
    return this.#bytes.toString('latin1', start, start + Math.min(length, longest));
  }

  boolean(what: string): void {
    const first = this.#byte(what);
    if (first !== FALSE && first !== TRUE) throw wrong(what, 'true or false', first);
  }

  /** Skips a number of any form. */
  number(what: string): void {
    const first = this.#byte(what);
    if (first <= 0x7f || first >= 0xe0) return;
    if (first === FLOAT32) this.#pass(what, 4);
    else if (first === FLOAT64) this.#pass(what, 8);
    else if (first >= UINT8 && first <= UINT8 + 3) this.#pass(what, 1 << (first - UINT8));
    else if (first >= INT8 && first <= INT8 + 3) this.#pass(what, 1 << (first - INT8));
    else throw wrong(what, 'a number', first);
  }

  /** Checks that nothing follows the value. */
  end(): void {
    const rest = this.#bytes.length - this.#at;
    if (rest > 0) throw new RequestError('BAD_BODY', `${rest} bytes follow the map that a body is`);
  }

  #count(what: string, wanted: string, fixed: number, long: number): number {
    const first = this.#byte(what);
    if (first >= fixed && first < fixed + 16) return first - fixed;
    if (first !== long && first !== long + 1) throw wrong(what, wanted, first);
    return this.#number(what, first === long ? 2 : 4);
  }

  #byte(what: string): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw cut(what);
    return byte;
  }

  #number(what: string, size: number): number {
    const start = this.#at;
    this.#pass(what, size);
    return this.#bytes.readUIntBE(start, size);
  }

  #pass(what: string, size: number): void {
    this.#at += size;
    if (this.#at > this.#bytes.length) throw cut(what);
  }
}

function cut(what: string): RequestError {
  return new RequestError('BAD_BODY', `the body ends in the middle of ${what}`);
}

function wrong(what: string, wanted: string, found: number): RequestError {
  const byte = `0x${found.toString(16).padStart(2, '0')}`;
  return new RequestError('BAD_BODY', `${what} is not ${wanted}: in msgpack it begins with ${byte}`);
}
