/** Lines that are kept: as many of the first as of the last, since either may name the cause. */
const MAX_LINES = 50;
/** Milliseconds after a worker's exit in which its last output is waited for. */
const LAST_WORDS = 200;
/** How the line begins in which Node or V8 names an uncaught error or an exhausted heap. */
const CAUSE = /^(?:\w*Error\b|FATAL ERROR|Fatal|Uncaught|.*: (?:error|cannot open) )/;

/**
 * What a worker prints on standard error before it is ready. If it gets ready, the lines go to the log one by one; if it
 * dies, they are the cause of its death, and one line of the log.
 */
export class BootOutput {
  readonly #write: (line: string) => void;
  #lines: string[] = [];
  #isOver = false;
  #isRead = false;
  #onRead: (() => void) | undefined;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  add(line: string): void {
    if (this.#isOver) this.#write(line);
    else if (this.#lines.push(line) > MAX_LINES) this.#lines.splice(MAX_LINES / 2, 1);
  }

  /** The worker is ready, or its end was ordered: its output is not a cause of death. */
  release(): void {
    this.#isOver = true;
    for (const line of this.#lines.splice(0)) this.#write(line);
  }

  /** The end of the output. */
  end(): void {
    this.#isRead = true;
    this.#onRead?.();
  }

  /** Calls back once the output of a worker that has exited was read to its end, or the time for that is over. */
  whenRead(then: () => void): void {
    if (this.#isRead) {
      then();
      return;
    }
    const timer = setTimeout(() => this.#onRead?.(), LAST_WORDS);
    this.#onRead = (): void => {
      clearTimeout(timer);
      this.#onRead = undefined;
      then();
    };
  }

  /** The line that names the error, else the last one; `undefined` where nothing was printed. */
  get cause(): string | undefined {
    const lines = this.#lines.filter((line) => line.trim() !== '');
    return (lines.find((line) => CAUSE.test(line)) ?? lines.at(-1))?.trim();
  }

  /** The whole output as one text. */
  get text(): string {
    return this.#lines.join('\n');
  }
}
