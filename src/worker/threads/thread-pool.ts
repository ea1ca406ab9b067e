import type { Logger } from '../../log.js';
import type { BatchResult } from '../../wire/batch.js';
import type { TaskFailureCode } from '../../wire/task.js';
import { BusyTime } from './busy-time.js';
import type { Clock } from '../clock.js';
import { FailedStarts } from './failed-starts.js';
import type { QueuedRequest } from '../requests/queued-request.js';
import type { RequestQueue } from '../requests/request-queue.js';
import { ThreadHandle } from './thread-handle.js';
import type { ThreadPoolOptions } from './thread-pool-options.js';
import { warmUpFields } from '../warm-up.js';

/** Bodies are copied into the batch; from this many bytes on it takes no further one. */
const MAX_BATCH_BYTES = 1024 * 1024;
/** Milliseconds that a task may run before another thread is started for the tasks behind it. */
const RELIEVED_AFTER = 250;
/**
 * With a ready spare thread, the tasks behind it wait less: until it has run for so many times the average, and at
 * least for so many milliseconds.
 */
const UNUSUAL = 8;
const UNUSUAL_AT_LEAST = 50;
/**
 * Milliseconds after all threads got ready until the first spare one is started: while other workers start, the cores
 * are needed for threads that serve.
 */
const SPARE_AFTER = 1000;
/** The average covers roughly the last so many tasks. */
const AVERAGED = 64;
/** Milliseconds that a batch runs until its tasks that have not begun go back to the queue. */
const RETURNED_AFTER = 50;

/**
 * Idle threads pull from the queue; nothing is assigned ahead. A pull takes one request when the queue is short and an
 * even share of it, up to a batch, when it is long, since the message costs more than the task.
 *
 * A batch that takes longer than expected is cut short, since other clients may have their turn by now. A thread whose
 * task takes long is relieved: the other tasks of its batch go back to the head of the queue, and another thread stands
 * in for it, so that one request does not delay others for long. If a task exceeds its time limit, its thread is ended
 * and it fails with TIMEOUT. If a thread dies, the task that it ran is tried once more, then fails with INTERNAL.
 *
 * One spare thread is kept, ready and idle. It takes over at once when a thread is relieved, ends or is added, and the
 * next spare one is started:
 *
 *     started ─▶ spare ──relief, death, scaling──▶ serves ──▶ ended
 *                  ▲                                  │
 *                  └───── the relieved one ────┘  if its task ends, one of the two is superfluous
 */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #queue: RequestQueue;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #threads = new Set<ThreadHandle>();
  readonly #idle: ThreadHandle[] = [];
  readonly #relieved = new Set<ThreadHandle>();
  #spare: ThreadHandle | undefined;
  /** The last spare thread did not get ready, and waits for its next start. */
  #isSpareMissing = false;
  /** All threads have been ready for a while; before that a spare one would compete with them. */
  #hasStarted = false;
  #cancelSpare: (() => void) | undefined;
  /** The average duration of a task in milliseconds. */
  #average = 0;
  readonly busyTime: BusyTime;
  readonly #failedStarts: FailedStarts;
  #wanted: number;
  #pullScheduled = false;
  #cancelWatch: (() => void) | undefined;
  #restarts = 0;
  #timeouts = 0;
  #onAllReady: (() => void) | undefined;

  constructor(options: ThreadPoolOptions, queue: RequestQueue, log: Logger, clock: Clock) {
    this.#options = options;
    this.#queue = queue;
    this.#log = log;
    this.#clock = clock;
    this.busyTime = new BusyTime(clock);
    this.#wanted = options.count;
    this.#failedStarts = new FailedStarts(clock, {
      onDue: () => {
        this.#isSpareMissing = false;
        this.#fill();
      },
      onStuck: (reason) => options.onStuck(reason),
    });
  }

  /** Resolves when every thread is ready for the first time; requests wait in the queue until then. */
  async start(): Promise<void> {
    const allReady = new Promise<void>((resolve) => {
      this.#onAllReady = resolve;
    });
    this.resize(this.#wanted);
    await allReady;
  }

  /** Starts missing threads, or ends superfluous ones, each once it is idle. */
  resize(count: number): void {
    this.#wanted = count;
    this.#fill();
    this.#trim();
  }

  /** To be called after a push: idle threads pull at the end of this turn of the loop. */
  wake(): void {
    if (this.#pullScheduled || this.#idle.length === 0) return;
    this.#pullScheduled = true;
    setImmediate(() => {
      this.#pullScheduled = false;
      this.#pull();
    });
  }

  close(): void {
    this.#cancelWatch?.();
    this.#cancelSpare?.();
    this.#failedStarts.close();
    for (const thread of this.#threads) thread.terminate();
    this.#spare?.terminate();
  }

  /** Whether the spare thread could take over now. */
  get hasSpare(): boolean {
    return this.#spare?.wasReady ?? false;
  }

  /** The wanted number of threads. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Whether exactly the wanted threads exist and are ready. */
  get settled(): boolean {
    return this.#threads.size === this.#wanted && [...this.#threads].every((thread) => thread.wasReady);
  }

  get busyThreads(): number {
    return [...this.#threads].filter((thread) => thread.pending.length > 0).length;
  }

  get threadCount(): number {
    return this.#threads.size;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get timeouts(): number {
    return this.#timeouts;
  }

  #pull(): void {
    while (this.#queue.depth > 0) {
      const thread = this.#idle.pop();
      if (!thread) return;
      const share = Math.ceil(this.#queue.depth / this.#wanted);
      const taken = this.#queue.take(
        Math.min(share, this.#options.batch),
        MAX_BATCH_BYTES,
        this.#clock.now(),
      );
      const batch = taken.filter((request) => this.#known(thread, request));
      if (batch.length === 0) {
        this.#idle.push(thread);
        continue;
      }
      thread.run(batch);
      this.busyTime.begin();
      this.#watchIn(Math.min(RETURNED_AFTER, this.#relief));
    }
  }

  #known(thread: ThreadHandle, request: QueuedRequest): boolean {
    const known = thread.knows(request.task.name);
    if (!known) fail(request, 'INTERNAL', `no thread knows the task "${request.task.name}"`, 0);
    return known;
  }

  #startThread(): ThreadHandle {
    const thread: ThreadHandle = new ThreadHandle(this.#options.entry, this.#options.setup, {
      onReady: (warmed) => {
        cancelBoot();
        if (warmed) this.#log.verbose('a task thread is warm', warmUpFields(warmed));
        this.#failedStarts.succeeded();
        if (thread === this.#spare) return;
        this.#becomeIdle(thread);
        this.#announceReady();
      },
      onIdle: () => {
        this.busyTime.end();
        this.#relieved.delete(thread);
        this.#becomeIdle(thread);
      },
      onResult: (request, result) => {
        this.#take(request, result);
      },
      onNotice: (name, body) => {
        this.#options.onNotice(name, body);
      },
      onLog: ({ level, message, fields }) => {
        this.#log[level](message, fields);
      },
      onGone: (why) => {
        cancelBoot();
        this.#giveBackAfterDeath(thread, why);
        this.#replace(thread, why);
      },
    });
    const cancelBoot = this.#clock.after(this.#options.bootTimeout, () => {
      if (!this.#threads.has(thread) && thread !== this.#spare) return;
      thread.terminate();
      this.#replace(thread, `it was not ready after ${this.#options.bootTimeout} ms`);
    });
    return thread;
  }

  #take(request: QueuedRequest, result: BatchResult): void {
    const { body } = result;
    const ran = result.microseconds / 1000;
    request.ran += ran;
    this.#queue.ran(request, result.microseconds);
    this.#average += (ran - this.#average) / AVERAGED;
    if (result.kind === 'needs') this.#options.onNeeds(request, result.step, body);
    else if (result.kind === 'failed') fail(request, 'INTERNAL', Buffer.from(body).toString(), 0);
    else request.settle({ kind: 'done', body }, request.ran, result.keep);
  }

  #becomeIdle(thread: ThreadHandle): void {
    this.#idle.push(thread);
    this.#trim();
    this.#pull();
  }

  #fill(): void {
    const missing = this.#failedStarts.missing - Number(this.#isSpareMissing);
    const wanted = this.#wanted + this.#relieved.size;
    while (this.#threads.size < wanted && this.#spare !== undefined) this.#useSpare(this.#spare);
    while (this.#threads.size + missing < wanted) this.#threads.add(this.#startThread());
    if (this.#isSpareDue) this.#spare = this.#startThread();
  }

  /** Ends it if it is superfluous; lets it pull if it is ready. */
  #useSpare(thread: ThreadHandle): void {
    this.#spare = undefined;
    this.#threads.add(thread);
    this.#log.verbose('the spare task thread takes over', { ready: thread.wasReady });
    if (thread.wasReady) this.#becomeIdle(thread);
  }

  /** Not while a relieved thread may come back, which is the spare one then. */
  get #isSpareDue(): boolean {
    if (!this.#options.spare || !this.#hasStarted || this.#spare || this.#isSpareMissing) return false;
    return [...this.#relieved].every((thread) => (thread.running()?.ran ?? 0) >= RELIEVED_AFTER);
  }

  /** Ends superfluous threads, first those that are not ready yet. */
  #trim(): void {
    while (this.#threads.size > this.#wanted + this.#relieved.size) {
      const thread = [...this.#threads].find(({ wasReady }) => !wasReady) ?? this.#idle.pop();
      if (!thread) return;
      this.#threads.delete(thread);
      if (this.#isBetterSpare(thread)) this.#keepAsSpare(thread);
      else thread.terminate();
    }
  }

  #isBetterSpare({ wasReady }: ThreadHandle): boolean {
    return this.#options.spare && (this.#spare === undefined || (wasReady && !this.#spare.wasReady));
  }

  #keepAsSpare(thread: ThreadHandle): void {
    this.#spare?.terminate();
    this.#spare = thread;
  }

  #announceReady(): void {
    if (!this.settled) return;
    this.#onAllReady?.();
    this.#cancelSpare ??= this.#clock.after(SPARE_AFTER, () => {
      this.#hasStarted = true;
      this.#fill();
    });
  }

  // ── Threads past their limit ──────────────────────────────────────────────────────────────────────────────

  /** At most one timer; when it fires, each thread's state says what is due. */
  #watchIn(delay: number): void {
    this.#cancelWatch ??= this.#clock.after(delay, () => {
      this.#cancelWatch = undefined;
      this.#watch();
    });
  }

  #watch(): void {
    const limit = this.#options.taskTimeout;
    const relief = this.#relief;
    let next = Infinity;
    for (const thread of this.#threads) {
      if (thread.pending.length === 0) continue;
      const running = thread.running();
      const ran = running?.ran ?? 0;
      if (running && ran >= limit) this.#timeOut(thread, running.request, ran);
      else if (thread.heldFor() > limit * (thread.pending.length + 1)) this.#giveUp(thread);
      else {
        if (running) this.#queue.runs(running.request, ran);
        if (ran >= relief) this.#relieve(thread);
        else if (thread.heldFor() >= RETURNED_AFTER) this.#cutShort(thread);
        // Not only at the limit: another task may take long meanwhile.
        next = Math.min(next, ran < relief ? relief - ran : Math.min(this.#relief, limit - ran));
        if (thread.pending.length > 1) next = Math.min(next, RETURNED_AFTER);
      }
    }
    // One millisecond more, since timers round down.
    if (next < Infinity) this.#watchIn(Math.ceil(next) + 1);
  }

  get #relief(): number {
    const unusual = this.hasSpare ? Math.max(UNUSUAL_AT_LEAST, this.#average * UNUSUAL) : Infinity;
    return Math.min(unusual, RELIEVED_AFTER, this.#options.taskTimeout / 2);
  }

  /**
   * Gives its other tasks to other threads. There are never more stand-ins than threads: a client that sends many such
   * tasks must not get a thread for each.
   */
  #relieve(thread: ThreadHandle): void {
    this.#cutShort(thread);
    if (!this.#relieved.has(thread)) {
      if (this.#relieved.size >= this.#wanted) return;
      this.#relieved.add(thread);
      this.#log.verbose('a task takes long; another thread is there for those behind it');
    }
    this.#fill();
  }

  #cutShort(thread: ThreadHandle): void {
    const waiting = thread.takeBack();
    if (waiting.length === 0) return;
    this.#queue.requeue(waiting);
    this.#pull();
  }

  #timeOut(thread: ThreadHandle, request: QueuedRequest, ran: number): void {
    const why = `task "${request.task.name}" ran past its limit of ${this.#options.taskTimeout} ms`;
    this.#timeouts++;
    thread.terminate();
    this.#queue.ran(request, ran * 1000);
    this.#queue.requeue(thread.pending.filter((pending) => pending !== request));
    this.#replace(thread, why);
    fail(request, 'TIMEOUT', why, ran);
  }

  /** It runs no task but does not send its results: no task is to blame, but the thread must be replaced. */
  #giveUp(thread: ThreadHandle): void {
    thread.terminate();
    this.#giveBackAfterDeath(thread, 'it did not answer');
    this.#replace(thread, 'it did not answer');
  }

  // ── Threads that are gone ─────────────────────────────────────────────────────────────────────────────────

  /** Its unanswered tasks return to the head of the queue, in order; the task that it ran, only once. */
  #giveBackAfterDeath(thread: ThreadHandle, why: string): void {
    const { pending } = thread;
    const running = thread.running();
    const culprit = running?.request ?? pending[0];
    if (culprit) {
      culprit.deaths++;
      this.#queue.ran(culprit, (running?.ran ?? thread.heldFor()) * 1000);
    }
    const lost = pending.filter((request) => request.deaths > 1);
    this.#queue.requeue(pending.filter((request) => request.deaths <= 1));
    for (const request of lost) fail(request, 'INTERNAL', `a task thread died twice of this task: ${why}`, 0);
  }

  /** Starts another at once if the thread had been ready; otherwise after a pause, which grows each time. */
  #replace(thread: ThreadHandle, why: string): void {
    this.#threads.delete(thread);
    this.#relieved.delete(thread);
    const wasSpare = thread === this.#spare;
    if (wasSpare) this.#spare = undefined;
    if (thread.pending.length > 0) this.busyTime.end();
    const place = this.#idle.indexOf(thread);
    if (place >= 0) this.#idle.splice(place, 1);
    this.#restarts++;
    this.#log.warn('a task thread is replaced', { why, returned: thread.pending.length });
    if (thread.wasReady) {
      this.resize(this.#wanted);
      this.#pull();
      return;
    }
    if (wasSpare) this.#isSpareMissing = true;
    this.#failedStarts.failed(why);
    this.#fill();
  }
}

function fail(request: QueuedRequest, code: TaskFailureCode, message: string, ran: number): void {
  request.settle({ kind: 'failed', code, message }, request.ran + ran);
}
