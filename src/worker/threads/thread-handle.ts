import { type ResourceLimits, Worker } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import { packTasks, unpackResults, type BatchResult } from '../../wire/batch.js';
import { Progress, type FromThread, type ThreadData, type WarmUpAccount } from '../../wire/thread.js';
import type { QueuedRequest } from '../requests/queued-request.js';

export interface ThreadListener {
  /** @param warmed absent if there was no warm-up */
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
 * Verdicts leave only short-lived garbage, so a small young generation is as fast as the default one, which takes tens
 * of megabytes more for each thread.
 */
export const THREAD_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 12 };

/**
 * The IO loop's view of one task thread (the thread's own is thread/thread.ts): it sends one batch at a time, and
 * results come back in its order.
 */
export class ThreadHandle {
  readonly #listener: ThreadListener;
  readonly #worker: Worker;
  readonly #progress = new Progress();
  #handlers: ReadonlyMap<string, number> | undefined;
  /** Without the requests that were taken back. */
  #batch: readonly (QueuedRequest | undefined)[] = [];
  /** The number of results of the batch so far. */
  #settled = 0;
  #givenAt = 0;
  #gone = false;
  #failure: string | undefined;

  /** @param setup for the thread's handlers; cloned */
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

  /** Whether it ever got ready. */
  get wasReady(): boolean {
    return this.#handlers !== undefined;
  }

  /** Requests of the batch without a result, in order. */
  get pending(): readonly QueuedRequest[] {
    return this.#batch.slice(this.#settled).filter((request) => request !== undefined);
  }

  /** The running request, and for how many milliseconds it has run. */
  running(): { readonly request: QueuedRequest; readonly ran: number } | undefined {
    const running = this.#progress.running();
    const request = running && this.#batch[running.index];
    if (!request) return undefined;
    return { request, ran: Number(process.hrtime.bigint() - running.startedAt) / 1e6 };
  }

  /**
   * Takes back all requests but the running one, in order: those after it, and those before it whose results were not
   * sent yet; these results are ignored later.
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

  /** Milliseconds since it got its batch. */
  heldFor(): number {
    return performance.now() - this.#givenAt;
  }

  knows(taskName: string): boolean {
    return this.#handlers?.has(taskName) ?? false;
  }

  /** Sends a batch. The thread must be idle and know the tasks. */
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

  /** Ends the thread at once. All that it sends from now on is ignored. */
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
