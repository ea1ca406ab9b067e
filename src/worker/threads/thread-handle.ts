import { type ResourceLimits, Worker } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import { packTasks, unpackResults, type BatchResult } from '../../wire/batch.js';
import { Progress, type FromThread, type ThreadData, type WarmUpAccount } from '../../wire/thread.js';
import type { QueuedRequest } from '../requests/queued-request.js';

export interface ThreadListener {
  /** @param warmed absent where there was no warm-up. */
  onReady(warmed: WarmUpAccount | undefined): void;
  /** The batch is done: the thread is idle. */
  onIdle(): void;
  onResult(request: QueuedRequest, result: BatchResult): void;
  onNotice(name: string, body: Uint8Array): void;
  onLog(record: Extract<FromThread, { type: 'log' }>): void;
  /** The thread ended by itself. Its unanswered requests are still in `pending`. */
  onGone(why: string): void;
}

/**
 * Verdicts leave only garbage behind, so a small young generation is as fast as the default one, which grows by tens
 * of megabytes a thread.
 */
export const THREAD_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 12 };

/**
 * The IO loop's view of one task thread (the thread's own is thread/thread.ts): one batch at a time goes out,
 * results come back in its order.
 */
export class ThreadHandle {
  readonly #listener: ThreadListener;
  readonly #worker: Worker;
  readonly #progress = new Progress();
  #handlers: ReadonlyMap<string, number> | undefined;
  /** Without those that were taken back. */
  #batch: readonly (QueuedRequest | undefined)[] = [];
  /** How many places of the batch have their result. */
  #settled = 0;
  #givenAt = 0;
  #gone = false;
  #failure: string | undefined;

  /** @param setup what the thread's handlers need; it is cloned. */
  constructor(entry: URL, setup: unknown, listener: ThreadListener) {
    this.#listener = listener;
    const workerData: ThreadData = { progress: this.#progress.shared, setup };
    this.#progress.rest();
    this.#worker = new Worker(entry, { workerData, execArgv: [], resourceLimits: THREAD_LIMITS });
    this.#worker.on('message', (message: Uint8Array | FromThread) => {
      if (!this.#gone) this.#receive(message);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#failure = messageOf(error);
    });
    this.#worker.on('exit', (code) => {
      if (this.#gone) return;
      this.#gone = true;
      this.#listener.onGone(this.#failure ?? `it exited with code ${code}`);
    });
  }

  /** Whether it ever got ready, gone or not. */
  get wasReady(): boolean {
    return this.#handlers !== undefined;
  }

  /** Requests given to the thread that have no result yet, in order. */
  get pending(): readonly QueuedRequest[] {
    return this.#batch.slice(this.#settled).filter((request) => request !== undefined);
  }

  /** The request that runs at this moment and for how long, in milliseconds. */
  running(): { readonly request: QueuedRequest; readonly ran: number } | undefined {
    const running = this.#progress.running();
    const request = running && this.#batch[running.index];
    if (!request) return undefined;
    return { request, ran: Number(process.hrtime.bigint() - running.startedAt) / 1e6 };
  }

  /**
   * Takes back what waits there for the task that runs, in order: those behind it, and those before it whose results
   * the thread has not sent yet, which do not count any more.
   */
  takeBack(): readonly QueuedRequest[] {
    const running = this.#progress.running();
    if (!running || !this.#progress.makeLast(running.index)) return [];
    const isRunning = (place: number): boolean => place === running.index;
    const taken = this.#batch.filter((_, place) => place >= this.#settled && !isRunning(place));
    this.#batch = this.#batch
      .slice(0, running.index + 1)
      .map((request, place) => (isRunning(place) ? request : undefined));
    return taken.filter((request) => request !== undefined);
  }

  /** Milliseconds since it was given its batch. */
  heldFor(): number {
    return performance.now() - this.#givenAt;
  }

  knows(taskName: string): boolean {
    return this.#handlers?.has(taskName) ?? false;
  }

  /** To an idle thread only, with tasks that it knows. */
  run(batch: readonly QueuedRequest[]): void {
    const packed = packTasks(
      batch.map(({ task, attempt }) => ({
        handler: this.#handlers?.get(task.name) ?? -1,
        body: task.body,
        attempt,
      })),
    );
    for (const request of batch) request.stage = 'in a thread';
    this.#batch = batch;
    this.#settled = 0;
    this.#givenAt = performance.now();
    this.#worker.postMessage(packed, [packed.buffer]);
  }

  /** Ends the thread wherever it is. Nothing that it sends from here on counts. */
  terminate(): void {
    this.#gone = true;
    void this.#worker.terminate();
  }

  #receive(message: Uint8Array | FromThread): void {
    if (message instanceof Uint8Array) this.#settle(unpackResults(message));
    else if (message.type === 'log') this.#listener.onLog(message);
    else if (message.type === 'notice') this.#listener.onNotice(message.name, message.body);
    else {
      this.#handlers = new Map(message.handlers.map((name, place) => [name, place]));
      this.#listener.onReady(message.warmed);
    }
  }

  #settle(results: readonly BatchResult[]): void {
    for (const result of results) {
      const request = this.#batch[this.#settled++];
      if (request) this.#listener.onResult(request, result);
    }
    if (this.#settled < this.#batch.length) return;
    this.#batch = [];
    this.#settled = 0;
    this.#listener.onIdle();
  }
}
