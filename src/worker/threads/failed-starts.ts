import type { Clock } from '../clock.js';

/** Threads in a row that did not get ready, after which the pool calls itself stuck. It goes on trying. */
const STUCK_AFTER = 5;
/** The wait before a thread that did not get ready is replaced; doubles up to the limit. Milliseconds. */
const BACKOFF = 100;
const MAX_BACKOFF = 10_000;

export interface FailedStartsOwner {
  /** The threads that are missing may be started again. */
  onDue(): void;
  /** Threads end again and again before they are ready. */
  onStuck(reason: string): void;
}

/** Threads that ended before they were ready: they are started again later, each time after a longer pause. */
export class FailedStarts {
  readonly #clock: Clock;
  readonly #owner: FailedStartsOwner;
  #inARow = 0;
  #missing = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, owner: FailedStartsOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Threads that wait to be started again. */
  get missing(): number {
    return this.#missing;
  }

  /** A thread got ready. */
  succeeded(): void {
    this.#inARow = 0;
  }

  failed(why: string): void {
    this.#inARow++;
    if (this.#inARow === STUCK_AFTER) {
      this.#owner.onStuck(`${STUCK_AFTER} task threads in a row did not get ready; the last: ${why}`);
    }
    const delay = Math.min(BACKOFF * 2 ** (this.#inARow - 1), MAX_BACKOFF);
    this.#missing++;
    this.#cancel ??= this.#clock.after(delay, () => {
      this.#cancel = undefined;
      this.#missing = 0;
      this.#owner.onDue();
    });
  }

  close(): void {
    this.#cancel?.();
  }
}
