import type { Clock } from '../clock.js';
import type { ThreadHandle } from './thread-handle.js';

/**
 * Milliseconds after all threads got ready until the first spare one is started: while other workers start, the cores
 * are needed for threads that serve.
 */
const START_AFTER_MS = 1000;

/**
 * The place of a pool's spare thread, which is ready and idle. It takes over at once when a thread is relieved, ends or
 * is added, and the pool then starts the next one:
 *
 *     started ─▶ spare ──relief, death, scaling──▶ serves ──▶ ended
 *                  ▲                                  │
 *                  └──── one of two is superfluous ───┘ when a relieved thread's task ends
 */
export class SpareThread {
  readonly #isWanted: boolean;
  readonly #clock: Clock;
  #thread: ThreadHandle | undefined;
  /** The last one did not get ready, and waits for its next start. */
  #isMissing = false;
  /** All threads have been ready for a while; before that a spare one would compete with them. */
  #mayStart = false;
  #cancelStart: (() => void) | undefined;

  constructor(isWanted: boolean, clock: Clock) {
    this.#isWanted = isWanted;
    this.#clock = clock;
  }

  get isReady(): boolean {
    return this.#thread?.wasReady ?? false;
  }

  /** Whether it is among the threads that wait for their next start. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  /** Whether the pool should start one now. */
  get isDue(): boolean {
    return this.#isWanted && this.#mayStart && this.#thread === undefined && !this.#isMissing;
  }

  is(thread: ThreadHandle): boolean {
    return this.#thread === thread;
  }

  set(thread: ThreadHandle): void {
    this.#thread = thread;
  }

  /** Gives the thread away to serve; `undefined` if there is none. */
  take(): ThreadHandle | undefined {
    const thread = this.#thread;
    this.#thread = undefined;
    return thread;
  }

  /** Keeps a superfluous thread if that is better than the present spare one; false if it should end. */
  keep(thread: ThreadHandle): boolean {
    const isBetter = this.#thread === undefined || (thread.wasReady && !this.#thread.wasReady);
    if (!this.#isWanted || !isBetter) return false;
    this.#thread?.terminate();
    this.#thread = thread;
    return true;
  }

  /** To be called when any thread has ended. */
  ended(thread: ThreadHandle): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#isMissing = !thread.wasReady;
  }

  /** Missing threads may be started again. */
  mayStartAgain(): void {
    this.#isMissing = false;
  }

  /** All threads of the pool are ready. `onDue` is called once, when the first spare one may start. */
  othersAreReady(onDue: () => void): void {
    this.#cancelStart ??= this.#clock.after(START_AFTER_MS, () => {
      this.#mayStart = true;
      onDue();
    });
  }

  close(): void {
    this.#cancelStart?.();
    this.#thread?.terminate();
  }
}
