import type { Context } from './context.js';

const WIDTH = 30;
/** ms between two updates. */
const UPDATE_PERIOD_MS = 100;
const ERASE = '\r\u001B[K';

/** A progress bar on standard error, if that is a terminal. */
export class Progress {
  readonly #context: Context;
  readonly #isTerminal: boolean;
  #shownAt = -Infinity;
  #isShown = false;

  constructor(context: Context) {
    this.#context = context;
    this.#isTerminal = 'isTTY' in context.err && context.err.isTTY === true;
  }

  /** @param share 0 to 1 */
  show(share: number, what: string): void {
    const now = performance.now();
    if (!this.#isTerminal || now - this.#shownAt < UPDATE_PERIOD_MS) return;
    this.#shownAt = now;
    this.#isShown = true;
    const full = Math.round(Math.min(1, share) * WIDTH);
    const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
    this.#context.err.write(`${ERASE}${bar} ${String(Math.floor(share * 100)).padStart(3)}% ${what}`);
  }

  /** To be called before anything else is printed. */
  clear(): void {
    if (this.#isShown) this.#context.err.write(ERASE);
    this.#isShown = false;
  }
}
