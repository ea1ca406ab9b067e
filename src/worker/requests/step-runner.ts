import { messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Clock } from '../clock.js';
import { type QueuedRequest, settleCancelled } from './queued-request.js';

/**
 * What a task cannot do in its thread: fetch, wait. It gets the bytes that the task's handler gave, and how many
 * milliseconds the request still waits for it; what it resolves with, the handler gets at the next attempt.
 */
export type Step = (body: Uint8Array, patience: number) => Promise<Uint8Array>;

export interface StepRunnerOptions {
  readonly steps: Readonly<Record<string, Step>>;
  /** Milliseconds that a request may wait for its steps, all together. */
  readonly patience: number;
  /** Requests that may wait at once, and bytes that their bodies may hold. */
  readonly max: number;
  readonly maxBytes: number;
  /** These have waited: back to the head of the queue with them, in this order. */
  onReady(requests: readonly QueuedRequest[]): void;
}

/** Steps of one request; the attempt after the last of them has to answer. */
const MAX_ROUNDS = 6;
/** Milliseconds that a step may be late, so that what it has to say on running out of time is still heard. */
const LATENESS = 250;

/**
 * Requests between two attempts:
 *
 *     received → queued → runs ──────────────────────────▶ answered
 *                   ▲       └─ needs ─▶ waits for a step ─┐
 *                   └────────── at the head ◀─────────────┘
 *
 * A step that fails, has no room or is too slow costs its request only what it would have found: the request is run
 * for the last time with what earlier steps did. A request that nobody waits for any more leaves at once; its step runs on, since
 * others may share it.
 */
export class StepRunner {
  readonly #options: StepRunnerOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** When each of them began to wait, for the first time. */
  readonly #since = new WeakMap<QueuedRequest, number>();
  #ready: QueuedRequest[] = [];
  #waiting = 0;
  #bytes = 0;

  constructor(options: StepRunnerOptions, clock: Clock, log: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** The request's handler asks for a step. The body is copied: it may be a view into a batch. */
  run(request: QueuedRequest, name: string, body: Uint8Array): void {
    if (request.abandoned) {
      settleCancelled(request);
      return;
    }
    const { steps, patience, max, maxBytes } = this.#options;
    const step = steps[name];
    const now = this.#clock.now();
    const since = this.#since.get(request) ?? now;
    this.#since.set(request, since);
    const { deadline = Infinity } = request.task;
    const left = Math.min(patience - (now - since), deadline - (now - request.queuedAt));
    const isFull = this.#waiting >= max || (this.#bytes > 0 && this.#bytes + size(request) > maxBytes);
    if (!step)
      this.#log.error('a task asks for a step that there is not', { task: request.task.name, step: name });
    if (!step || left <= 0 || isFull) this.#again(request, request.attempt.found, true);
    else this.#wait(request, name, step(Uint8Array.from(body), left), left);
  }

  #wait(request: QueuedRequest, name: string, ended: Promise<Uint8Array>, left: number): void {
    this.#waiting++;
    this.#bytes += size(request);
    const began = this.#clock.now();
    request.stage = `waiting for ${name}`;
    let hasLeft = false;
    const leave = (): boolean => {
      if (hasLeft) return false;
      hasLeft = true;
      request.onAbandoned = undefined;
      cancelDeadline();
      request.waited += this.#clock.now() - began;
      this.#waiting--;
      this.#bytes -= size(request);
      return true;
    };
    const cancelDeadline = this.#clock.after(left + LATENESS, () => {
      if (leave()) this.#again(request, request.attempt.found, true);
    });
    request.onAbandoned = () => {
      if (leave()) settleCancelled(request);
    };
    void this.#end(request, name, ended, leave);
  }

  async #end(
    request: QueuedRequest,
    name: string,
    ended: Promise<Uint8Array>,
    leave: () => boolean,
  ): Promise<void> {
    try {
      const found = await ended;
      if (leave()) this.#again(request, found, request.attempt.number + 1 >= MAX_ROUNDS);
    } catch (error) {
      this.#log.error(`step ${name} failed`, { error: messageOf(error) });
      if (leave()) this.#again(request, request.attempt.found, true);
    }
  }

  /** Many wait for the same thing: those that end in one turn of the loop go back together. */
  #again(request: QueuedRequest, found: Uint8Array, isLast: boolean): void {
    request.attempt = { number: request.attempt.number + 1, isLast, found };
    if (this.#ready.push(request) > 1) return;
    setImmediate(() => {
      const ready = this.#ready;
      this.#ready = [];
      this.#options.onReady(ready);
    });
  }
}

function size({ task }: QueuedRequest): number {
  return task.body.length;
}
