import type { LogLevel } from '../log.js';

/** What a task thread finds in its `workerData`. */
export interface ThreadData {
  /** Where the thread shows what it is doing: see `Progress`. */
  readonly progress: SharedArrayBuffer;
  /** What its handlers need to start, the configuration in the product. */
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

/** What a thread says besides the results of a batch, which travel as bare bytes (see wire/batch.ts). */
export type FromThread =
  /** Its handlers stand, in this order: a batch names them by their place in it. */
  | { readonly type: 'ready'; readonly handlers: readonly string[] }
  /** Something for the IO loop to know, by a name that the product gives it; nothing comes back. */
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

/**
 * Two words shared by a thread and the IO loop, so that the loop sees what runs there without a message:
 *
 *     ┌───────────────────────────────┬───────────────────────────────┐
 *     │ place in the batch, −1: idle  │ start in ns, monotonic clock  │
 *     └───────────────────────────────┴───────────────────────────────┘
 */
export class Progress {
  readonly shared: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#words = new BigInt64Array(shared);
  }

  /** Called by the thread. The start is written first: who sees a new index never sees an older start. */
  begin(index: number, startedAt: bigint): void {
    Atomics.store(this.#words, 1, startedAt);
    Atomics.store(this.#words, 0, BigInt(index));
  }

  rest(): void {
    Atomics.store(this.#words, 0, -1n);
  }

  /** Called by the IO loop: what runs at this moment. */
  running(): RunningTask | undefined {
    const index = Atomics.load(this.#words, 0);
    if (index < 0n) return undefined;
    return { index: Number(index), startedAt: Atomics.load(this.#words, 1) };
  }
}
