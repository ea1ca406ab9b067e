import type { Clock } from '../clock.js';

/** Failed starts in a row after which the pool reports that it is stuck. It goes on trying. */
const STUCK_AFTER_FAILURES = 5;
/** Milliseconds before a failed start is repeated; doubled each time up to the limit. */
const BACKOFF = 100;
const MAX_BACKOFF = 10_000;

export interface FailedStartsOwner {
  /** Called when missing threads may be started again. */
  onDue(): void;
  /** Called when threads repeatedly end before they are ready. */
  onStuck(reason: string): void;
}

/** Threads that ended before they were ready. They are started again after a pause, which grows each time. */
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

  /** The number of threads that wait for their next start. */
  get missing(): number {
    return this.#missing;
  }

  /** A thread got ready. */
  succeeded(): void {
    this.#inARow = 0;
  }

  failed(why: string): void {
    this.#inARow++;
    if (this.#inARow === STUCK_AFTER_FAILURES) {
      this.#owner.onStuck(
        `${STUCK_AFTER_FAILURES} task threads in a row did not get ready; the last: ${why}`,
      );
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
