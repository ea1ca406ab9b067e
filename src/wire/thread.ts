import type { LogLevel } from '../log.js';

/** The `workerData` of a task thread. */
export interface ThreadData {
  /** The memory of its `Progress`. */
  readonly progress: SharedArrayBuffer;
  /** The setup of its handlers; in the product, the configuration. */
  readonly setup: unknown;
}

export function isThreadData(value: unknown): value is ThreadData {
  return (
    typeof value === 'object' &&
    value !== null &&
    'progress' in value &&
    value.progress instanceof SharedArrayBuffer
  );
}

/** The result of a warm-up. */
export interface WarmUpAccount {
  /** How often all its tasks were run. */
  readonly rounds: number;
  readonly milliseconds: number;
}

/** The messages of a thread, except the results of a batch, which travel as bare bytes (see wire/batch.ts). */
export type FromThread =
  /** The handlers are loaded, in this order; a batch names them by their index. */
  | {
      readonly type: 'ready';
      readonly handlers: readonly string[];
      /** Absent if there was no warm-up. */
      readonly warmed?: WarmUpAccount;
    }
  /** A notice for the IO loop, by a name that the product gives it; it is not answered. */
  | { readonly type: 'notice'; readonly name: string; readonly body: Uint8Array }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

export interface RunningTask {
  /** Its place in the batch. */
  readonly index: number;
  /** When it began, in nanoseconds of the machine's monotonic clock, the same in every thread. */
  readonly startedAt: bigint;
}

const IDLE = -1n;

/**
 * Two words shared by a thread and the IO loop. The loop sees the running task without a message, and can have the
 * thread stop after it:
 *
 *     ┌───────────────────────────────┬───────────────────────────────┐
 *     │ place in the batch, −1: idle, │ start in ns, monotonic clock  │
 *     │ −2 − place: it is the last    │                               │
 *     └───────────────────────────────┴───────────────────────────────┘
 */
export class Progress {
  readonly shared: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#words = new BigInt64Array(shared);
  }

  /**
   * Called by the thread, for each task in turn; `false`: the one before was made the last. The start is written first,
   * so that a new index is never seen with an older start.
   */
  begin(index: number, startedAt: bigint): boolean {
    const before = index === 0 ? IDLE : BigInt(index - 1);
    Atomics.store(this.#words, 1, startedAt);
    return Atomics.compareExchange(this.#words, 0, before, BigInt(index)) === before;
  }

  rest(): void {
    Atomics.store(this.#words, 0, IDLE);
  }

  /** Called by the IO loop: the task that runs now. */
  running(): RunningTask | undefined {
    const word = Atomics.load(this.#words, 0);
    if (word === IDLE) return undefined;
    return { index: Number(word < IDLE ? -2n - word : word), startedAt: Atomics.load(this.#words, 1) };
  }

  /** Called by the IO loop: the thread must not begin a task after this index. `false`: it is beyond it already. */
  makeLast(index: number): boolean {
    const running = BigInt(index);
    return Atomics.compareExchange(this.#words, 0, running, -2n - running) === running;
  }
}
