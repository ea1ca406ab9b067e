import { GrowingBuffer } from '../wire/growing-buffer.js';

/** One line without its line end, or the news that the current line has grown beyond the limit (said once a line). */
export type SplitLine = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'tooLong' };

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Cuts bytes into lines that end in LF or CRLF. Of a line beyond the limit nothing is kept: its bytes are dropped
 * as they come, up to its newline, so that no client makes the buffer grow.
 */
export class LineSplitter {
  readonly #limit: number;
  /** The current line, as far as it is here. */
  readonly #begun: GrowingBuffer;
  #dropping = false;

  constructor(limit: number) {
    this.#limit = limit;
    this.#begun = new GrowingBuffer(limit);
  }

  /** Whether part of a line is here and its end is not. */
  get midLine(): boolean {
    return this.#dropping || this.#begun.length > 0;
  }

  /** Octets of memory that are set aside for that part. */
  get held(): number {
    return this.#begun.held;
  }

  /** Drops the line that has begun, unless it is as short as this, and what still comes of it. */
  drop(unless: number): void {
    if (this.#begun.length <= unless) return;
    this.#begun.clear();
    this.#dropping = true;
  }

  *push(chunk: Buffer): Generator<SplitLine> {
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline === -1 ? chunk.length : newline;
      if (newline !== -1 && !this.midLine && end - start <= this.#limit) {
        // A line that is here as a whole, as nearly all are: nothing to keep, nothing to copy.
        yield { kind: 'line', text: textOf(chunk, start, end) };
        start = newline + 1;
        continue;
      }
      if (this.#keep(chunk.subarray(start, end))) yield { kind: 'tooLong' };
      if (newline === -1) return;
      if (!this.#dropping) yield { kind: 'line', text: this.#take() };
      this.#dropping = false;
      start = newline + 1;
    }
  }

  /** Adds to the current line; true when that takes it over the limit. */
  #keep(part: Buffer): boolean {
    if (this.#dropping || part.length === 0) return false;
    if (this.#begun.length + part.length > this.#limit) {
      this.#begun.clear();
      this.#dropping = true;
      return true;
    }
    this.#begun.add(part);
    return false;
  }

  #take(): string {
    const { bytes } = this.#begun;
    const text = textOf(bytes, 0, bytes.length);
    this.#begun.clear();
    return text;
  }
}

function textOf(bytes: Buffer, start: number, end: number): string {
  if (start === end) return '';
  return bytes.toString('latin1', start, bytes[end - 1] === RETURN ? end - 1 : end);
}
