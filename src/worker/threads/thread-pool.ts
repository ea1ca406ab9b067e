import type { Logger } from '../../log.js';
import type { BatchResult } from '../../wire/batch.js';
import type { TaskFailureCode } from '../../wire/task.js';
import { BusyTime } from './busy-time.js';
import type { Clock } from '../clock.js';
import { FailedStarts } from './failed-starts.js';
import type { QueuedRequest } from '../requests/queued-request.js';
import type { RequestQueue } from '../requests/request-queue.js';
import { SpareThread } from './spare-thread.js';
import { LONG_TASK_MS, TaskWatch } from './task-watch.js';
import { ThreadHandle } from './thread-handle.js';
import type { ThreadPoolOptions } from './thread-pool-options.js';
import { warmUpFields } from '../warm-up.js';

/** Bodies are copied into the batch; from this many bytes on it takes no further one. */
const MAX_BATCH_BYTES = 1024 * 1024;
/**
 * Idle threads pull from the queue; nothing is assigned ahead. A pull takes one request when the queue is short and an
 * even share of it, up to a batch, when it is long, since the message costs more than the task.
 *
 * A batch that takes longer than expected is cut short, since other clients may have their turn by now. A thread whose
 * task takes long is relieved: the other tasks of its batch go back to the head of the queue, and another thread stands
 * in for it, so that one request does not delay others for long. If a task exceeds its time limit, its thread is ended
 * and it fails with TIMEOUT. If a thread dies, the task that it ran is tried once more, then fails with INTERNAL.
 *
 * One spare thread may be kept, which takes over when a thread is relieved, ends or is added (SpareThread).
 */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #queue: RequestQueue;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #threads = new Set<ThreadHandle>();
  readonly #idle: ThreadHandle[] = [];
  readonly #relieved = new Set<ThreadHandle>();
  readonly #spare: SpareThread;
  readonly #watch: TaskWatch;
  readonly busyTime: BusyTime;
  readonly #failedStarts: FailedStarts;
  #wanted: number;
  #pullScheduled = false;
  #restarts = 0;
  #timeouts = 0;
  #onAllReady: (() => void) | undefined;

  constructor(options: ThreadPoolOptions, queue: RequestQueue, log: Logger, clock: Clock) {
    this.#options = options;
    this.#queue = queue;
    this.#log = log;
    this.#clock = clock;
    this.busyTime = new BusyTime(clock);
    this.#spare = new SpareThread(options.spare, clock);
    this.#wanted = options.count;
    this.#watch = new TaskWatch(
      {
        taskTimeout: options.taskTimeout,
        threads: this.#threads,
        hasSpare: () => this.hasSpare,
        onRunning: (request, ran) => queue.runs(request, ran),
        onLongBatch: (thread) => this.#cutShort(thread),
        onLongTask: (thread) => this.#relieve(thread),
        onTimeout: (thread, request, ran) => this.#timeOut(thread, request, ran),
        onSilent: (thread) => this.#giveUp(thread),
      },
      clock,
    );
    this.#failedStarts = new FailedStarts(clock, {
      onDue: () => {
        this.#spare.mayStartAgain();
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
    this.#watch.close();
    this.#failedStarts.close();
    for (const thread of this.#threads) thread.terminate();
    this.#spare.close();
  }

  /** Whether the spare thread could take over now. */
  get hasSpare(): boolean {
    return this.#spare.isReady;
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
      const count = Math.min(share, this.#options.batch);
      const taken = this.#queue.take(count, MAX_BATCH_BYTES, this.#clock.now());
      const batch = taken.filter((request) => this.#known(thread, request));
      if (batch.length === 0) {
        this.#idle.push(thread);
        continue;
      }
      thread.run(batch);
      this.busyTime.begin();
      this.#watch.begin();
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
        if (this.#spare.is(thread)) return;
        this.#becomeIdle(thread);
        this.#announceReady();
      },
      onIdle: () => {
        this.busyTime.end();
        this.#relieved.delete(thread);
        this.#becomeIdle(thread);
      },
      onResult: (request, result) => this.#take(request, result),
      onNotice: (name, body) => this.#options.onNotice(name, body),
      onLog: ({ level, message, fields }) => this.#log[level](message, fields),
      onGone: (why) => {
        cancelBoot();
        this.#giveBackAfterDeath(thread, why);
        this.#replace(thread, why);
      },
    });
    const cancelBoot = this.#clock.after(this.#options.bootTimeout, () => {
      if (!this.#threads.has(thread) && !this.#spare.is(thread)) return;
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
    this.#watch.took(ran);
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
    const missing = this.#failedStarts.missing - Number(this.#spare.isMissing);
    const wanted = this.#wanted + this.#relieved.size;
    while (this.#threads.size < wanted) {
      const spare = this.#spare.take();
      if (!spare) break;
      this.#takeOver(spare);
    }
    while (this.#threads.size + missing < wanted) this.#threads.add(this.#startThread());
    if (this.#spare.isDue && !this.#mayOneComeBack) this.#spare.set(this.#startThread());
  }

  #takeOver(spare: ThreadHandle): void {
    this.#threads.add(spare);
    this.#log.verbose('the spare task thread takes over', { ready: spare.wasReady });
    if (spare.wasReady) this.#becomeIdle(spare);
  }

  /** Whether a relieved thread may soon end its task and be the spare one then. */
  get #mayOneComeBack(): boolean {
    return [...this.#relieved].some((thread) => (thread.running()?.ran ?? 0) < LONG_TASK_MS);
  }

  /** Ends superfluous threads, first those that are not ready yet, or keeps one as the spare thread. */
  #trim(): void {
    while (this.#threads.size > this.#wanted + this.#relieved.size) {
      const thread = [...this.#threads].find(({ wasReady }) => !wasReady) ?? this.#idle.pop();
      if (!thread) return;
      this.#threads.delete(thread);
      if (!this.#spare.keep(thread)) thread.terminate();
    }
  }

  #announceReady(): void {
    if (!this.settled) return;
    this.#onAllReady?.();
    this.#spare.othersAreReady(() => this.#fill());
  }

  // ── Threads past their limit ──────────────────────────────────────────────────────────────────────────────

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
    this.#spare.ended(thread);
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
    this.#failedStarts.failed(why);
    this.#fill();
  }
}

function fail(request: QueuedRequest, code: TaskFailureCode, message: string, ran: number): void {
  request.settle({ kind: 'failed', code, message }, request.ran + ran);
}
