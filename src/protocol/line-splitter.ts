import { GrowingBuffer } from '../wire/growing-buffer.js';

/** One line without its line end, or the event that the current line exceeds the limit (once per line). */
export type SplitLine = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'tooLong' };

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Cuts bytes into lines that end in LF or CRLF. Nothing is kept of a line beyond the limit: its bytes are skipped up to
 * its newline, so that no client makes the buffer grow.
 */
export class LineSplitter {
  readonly #limit: number;
  /** The received part of the current line. */
  readonly #begun: GrowingBuffer;
  #dropping = false;

  constructor(limit: number) {
    this.#limit = limit;
    this.#begun = new GrowingBuffer(limit);
  }

  /** Whether a line is incomplete. */
  get midLine(): boolean {
    return this.#dropping || this.#begun.length > 0;
  }

  /** Octets of memory allocated for the incomplete line. */
  get held(): number {
    return this.#begun.held;
  }

  /** Drops an incomplete line longer than this, and skips the rest of it. */
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
        // A complete line, as nearly all are: nothing to keep or copy.
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

  /** Adds to the current line; true if it now exceeds the limit. */
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
