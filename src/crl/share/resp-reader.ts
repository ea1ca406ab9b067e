/** A value of RESP2, as far as it has to be known to be checked. */
export interface RespValue {
  readonly kind: 'status' | 'error' | 'integer' | 'bulk' | 'null' | 'array';
  /** The text of a line, or the beginning of a bulk string; empty for an array. */
  readonly text: string;
  readonly elements: readonly RespValue[];
}

export interface RespLimits {
  /** Octets of one bulk string. */
  readonly maxBulk: number;
  /** Elements of an array. */
  readonly maxElements: number;
}

/** Octets of a line, which is all of a value but a bulk string, and of a bulk string's `text`. */
const MAX_LINE = 1024;
const MAX_TEXT = 64;
const NONE: readonly RespValue[] = [];
const LINES: Readonly<Record<string, RespValue['kind']>> = { '+': 'status', '-': 'error', ':': 'integer' };

interface OpenBulk {
  text: string;
  textLeft: number;
  /** Octets to come, with CR and LF. */
  left: number;
}

/**
 * Reads RESP2 as it comes, in pieces of any size, and holds at most one line and the beginning of a bulk string. An
 * array holds no arrays: no answer to any command that is sent here does. Types of RESP3 are not taken.
 */
export class RespReader {
  readonly #limits: RespLimits;
  readonly #receive: (value: RespValue) => void;
  #line: Buffer = Buffer.alloc(0);
  #bulk: OpenBulk | undefined;
  #array: { readonly count: number; readonly elements: RespValue[] } | undefined;

  /** @param receive is given each whole value */
  constructor(limits: RespLimits, receive: (value: RespValue) => void) {
    this.#limits = limits;
    this.#receive = receive;
  }

  /** Throws for what is not RESP2, or is beyond the limits. */
  read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      at = this.#bulk === undefined ? this.#readLine(chunk, at) : this.#readBulk(this.#bulk, chunk, at);
    }
  }

  #readLine(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(0x0a, from);
    const to = end < 0 ? chunk.length : end + 1;
    if (this.#line.length + to - from > MAX_LINE) throw new Error('it sent a line that does not end');
    this.#line = Buffer.concat([this.#line, chunk.subarray(from, to)]);
    if (end < 0) return to;
    const line = this.#line.toString('latin1');
    this.#line = Buffer.alloc(0);
    // Some readers end a line at a CR alone.
    if (line.indexOf('\r') !== line.length - 2) throw new Error('it sent a line without its end');
    this.#takeLine(line.charAt(0), line.slice(1, -2));
    return to;
  }

  #takeLine(type: string, text: string): void {
    const kind = LINES[type];
    if (kind !== undefined) {
      if (kind === 'integer' && !/^-?\d{1,19}$/.test(text)) throw notRedis();
      this.#take({ kind, text, elements: NONE });
    } else if (type === '$' && text === '-1') this.#take({ kind: 'null', text: '', elements: NONE });
    else if (type === '$') {
      const left = lengthOf(text, this.#limits.maxBulk) + 2;
      this.#bulk = { text: '', textLeft: Math.min(MAX_TEXT, left - 2), left };
    } else if (type === '*' && this.#array === undefined) {
      const count = lengthOf(text, this.#limits.maxElements);
      if (count === 0) throw notRedis();
      this.#array = { count, elements: [] };
    } else throw notRedis();
  }

  #readBulk(bulk: OpenBulk, chunk: Buffer, from: number): number {
    const octets = Math.min(bulk.left, chunk.length - from);
    const shown = Math.min(bulk.textLeft, octets);
    bulk.text += chunk.toString('latin1', from, from + shown);
    bulk.textLeft -= shown;
    bulk.left -= octets;
    if (bulk.left === 0) {
      this.#bulk = undefined;
      this.#take({ kind: 'bulk', text: bulk.text, elements: NONE });
    }
    return from + octets;
  }

  #take(value: RespValue): void {
    const array = this.#array;
    if (array === undefined) {
      this.#receive(value);
      return;
    }
    array.elements.push(value);
    if (array.elements.length < array.count) return;
    this.#array = undefined;
    this.#receive({ kind: 'array', text: '', elements: array.elements });
  }
}

function lengthOf(text: string, most: number): number {
  if (!/^\d{1,19}$/.test(text)) throw notRedis();
  if (Number(text) > most) throw new Error('it sent more than was asked for');
  return Number(text);
}

function notRedis(): Error {
  return new Error('what it sent is not RESP2');
}
