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
  #parts: Buffer[] = [];
  #length = 0;
  #dropping = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether part of a line is here and its end is not. */
  get midLine(): boolean {
    return this.#dropping || this.#length > 0;
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
    if (this.#length + part.length > this.#limit) {
      this.#parts = [];
      this.#length = 0;
      this.#dropping = true;
      return true;
    }
    // A view would keep the whole read buffer alive; what waits for its newline is copied.
    this.#parts.push(Buffer.from(part));
    this.#length += part.length;
    return false;
  }

  #take(): string {
    const [first] = this.#parts;
    const bytes = first && this.#parts.length === 1 ? first : Buffer.concat(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    return textOf(bytes, 0, bytes.length);
  }
}

function textOf(bytes: Buffer, start: number, end: number): string {
  if (start === end) return '';
  return bytes.toString('latin1', start, bytes[end - 1] === RETURN ? end - 1 : end);
}
