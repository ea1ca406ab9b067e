import { messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Clock } from '../clock.js';
import { type QueuedRequest, settleCancelled } from './queued-request.js';

/**
 * Work that a task cannot do in its thread, such as fetching. It gets the bytes of the task's handler, and the
 * milliseconds that the request still waits for it; the handler gets its result at the next attempt.
 */
export type Step = (body: Uint8Array, patience: number) => Promise<Uint8Array>;

export interface StepRunnerOptions {
  readonly steps: Readonly<Record<string, Step>>;
  /** Milliseconds that a request may wait for all its steps together. */
  readonly patience: number;
  /** The most requests that may wait at once, and the most bytes of their bodies. */
  readonly max: number;
  readonly maxBytes: number;
  /** Called with requests that are ready to run again; they go to the head of the queue, in this order. */
  onReady(requests: readonly QueuedRequest[]): void;
}

/** The most steps of one request; the attempt after the last step must answer. */
const MAX_ROUNDS = 6;
/** Milliseconds that a step may be late, so that its result on running out of time is still used. */
const LATENESS = 250;

/**
 * Requests between two attempts:
 *
 *     received → queued → runs ──────────────────────────▶ answered
 *                   ▲       └─ needs ─▶ waits for a step ─┐
 *                   └────────── at the head ◀─────────────┘
 *
 * If a step fails, has no room or is too slow, its request is run for the last time, with the results of earlier steps.
 * A request whose outcome is not wanted any more leaves at once; its step goes on, since others may share it.
 */
export class StepRunner {
  readonly #options: StepRunnerOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** When each request began to wait for the first time. */
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

  /** Many requests wait for the same step: those that end in one turn of the loop go back together. */
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
