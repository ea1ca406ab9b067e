import type { Task, TaskOutcome } from '../../wire/task.js';
import type { Clock } from '../clock.js';
import type { Counters } from '../counters.js';
import type { OutcomeCache } from './outcome-cache.js';
import { newRequest, type QueuedRequest, type RequestFlow } from './queued-request.js';
import type { RequestQueue } from './request-queue.js';

export interface AdmissionParts {
  readonly queue: RequestQueue;
  readonly cache: OutcomeCache;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Called when a request was queued. */
  readonly wake: () => void;
}

/** The least and the most milliseconds that a client refused with BUSY is told to wait. */
export const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;
const FULL = 'the queue of requests is full';
const DISPLACED = `${FULL}, and others have fewer waiting`;

/** Puts a request into the queue, from which a thread takes it, unless its outcome is cached or there is no room. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** The answer without running the task: a cached outcome, or BUSY if there is no room. */
  atOnce(task: Task, flow: RequestFlow): TaskOutcome | undefined {
    const { queue, cache } = this.#parts;
    const known = cache.get(task);
    if (known) return { kind: 'done', body: known };
    return queue.hasRoomFor(task.body.length, flow) ? undefined : this.#refusal(FULL, flow);
  }

  /** Queues a task without an immediate answer. `settle` is called once, later. */
  submit(task: Task, flow: RequestFlow, settle: (outcome: TaskOutcome, ran: number) => void): QueuedRequest {
    const { queue, cache, clock, wake } = this.#parts;
    const request = newRequest(task, clock.now(), (outcome, ran, keep) => {
      if (keep && outcome.kind === 'done') cache.put(task, outcome.body, keep);
      settle(outcome, ran);
    });
    const displaced = queue.push(request, flow);
    wake();
    for (const other of displaced) other.settle(this.#refusal(DISPLACED, other.flow ?? flow), 0);
    return request;
  }

  #refusal(message: string, flow: RequestFlow): TaskOutcome {
    const { queue, counters, clock } = this.#parts;
    counters.busy++;
    const wait = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, queue.waitOf(flow, clock.now())));
    return { kind: 'failed', code: 'BUSY', message, retryAfter: Math.round(wait) };
  }
}
