import type { Clock } from '../clock.js';
import type { QueuedRequest } from '../requests/queued-request.js';
import type { ThreadHandle } from './thread-handle.js';

export interface TaskWatchOptions {
  /** Milliseconds that one task may run. */
  readonly taskTimeout: number;
  readonly threads: ReadonlySet<ThreadHandle>;
  /** Whether a spare thread could take over at once. */
  readonly hasSpare: () => boolean;
  /** A task has been running for so many milliseconds. */
  readonly onRunning: (request: QueuedRequest, ran: number) => void;
  /** The batch of a thread takes long: its tasks that have not begun go back to the queue. */
  readonly onLongBatch: (thread: ThreadHandle) => void;
  /** The task of a thread takes long: another thread stands in for it. */
  readonly onLongTask: (thread: ThreadHandle) => void;
  /** A task has exceeded its limit. */
  readonly onTimeout: (thread: ThreadHandle, request: QueuedRequest, ran: number) => void;
  /** A thread runs no task but does not send its results: no task is to blame, but the thread must be replaced. */
  readonly onSilent: (thread: ThreadHandle) => void;
}

/** Milliseconds that a task may run before another thread is started for the tasks behind it. */
export const LONG_TASK_MS = 250;
/**
 * With a ready spare thread, the tasks behind it wait less: until it has run for so many times the average, and at
 * least for so many milliseconds.
 */
const UNUSUAL_FACTOR = 8;
const UNUSUAL_MIN_MS = 50;
/** The average covers roughly the last so many tasks. */
const AVERAGED_TASKS = 64;
/** Milliseconds that a batch runs until its tasks that have not begun go back to the queue. */
const LONG_BATCH_MS = 50;

/** Watches how long the threads of a pool take, with at most one timer, which runs while one of them works. */
export class TaskWatch {
  readonly #options: TaskWatchOptions;
  readonly #clock: Clock;
  /** The average duration of a task in milliseconds. */
  #average = 0;
  #cancel: (() => void) | undefined;

  constructor(options: TaskWatchOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** To be called when a thread gets a batch. */
  begin(): void {
    this.#lookIn(Math.min(LONG_BATCH_MS, this.#longTask));
  }

  /** A task has run for so many milliseconds. */
  took(ran: number): void {
    this.#average += (ran - this.#average) / AVERAGED_TASKS;
  }

  close(): void {
    this.#cancel?.();
  }

  #lookIn(delay: number): void {
    this.#cancel ??= this.#clock.after(delay, () => {
      this.#cancel = undefined;
      this.#look();
    });
  }

  #look(): void {
    const { taskTimeout: limit, threads, ...on } = this.#options;
    const longTask = this.#longTask;
    let next = Infinity;
    for (const thread of threads) {
      if (thread.pending.length === 0) continue;
      const running = thread.running();
      const ran = running?.ran ?? 0;
      if (running && ran >= limit) on.onTimeout(thread, running.request, ran);
      else if (thread.heldFor() > limit * (thread.pending.length + 1)) on.onSilent(thread);
      else {
        if (running) on.onRunning(running.request, ran);
        if (ran >= longTask) on.onLongTask(thread);
        else if (thread.heldFor() >= LONG_BATCH_MS) on.onLongBatch(thread);
        // Not only at the limit: another task may take long meanwhile.
        next = Math.min(next, ran < longTask ? longTask - ran : Math.min(this.#longTask, limit - ran));
        if (thread.pending.length > 1) next = Math.min(next, LONG_BATCH_MS);
      }
    }
    // One millisecond more, since timers round down.
    if (next < Infinity) this.#lookIn(Math.ceil(next) + 1);
  }

  /** Milliseconds from which on a running task takes long. */
  get #longTask(): number {
    const { hasSpare, taskTimeout } = this.#options;
    const unusual = hasSpare() ? Math.max(UNUSUAL_MIN_MS, this.#average * UNUSUAL_FACTOR) : Infinity;
    return Math.min(unusual, LONG_TASK_MS, taskTimeout / 2);
  }
}
