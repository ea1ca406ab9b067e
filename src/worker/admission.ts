import type { Task, TaskOutcome } from '../wire/task.js';
import type { Clock } from './clock.js';
import type { Counters } from './counters.js';
import type { OutcomeCache } from './outcome-cache.js';
import { newRequest, type QueuedRequest, type RequestQueue } from './request-queue.js';

export interface AdmissionParts {
  readonly queue: RequestQueue;
  readonly cache: OutcomeCache;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Told that something was queued. */
  readonly wake: () => void;
}

/** The least and the most that a client refused with BUSY is told to wait, in milliseconds. */
const MIN_RETRY = 100;
const MAX_RETRY = 10_000;

/** The way of a request into the queue, unless its outcome is known or there is no room; a thread pulls it from there. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** `settle` is called once, perhaps at once. */
  submit(task: Task, settle: (outcome: TaskOutcome, ran: number) => void): QueuedRequest {
    const { queue, cache, clock, wake } = this.#parts;
    // What cannot be queued is not looked up, either: refusing is to cost as little as can be.
    const key = queue.isFull ? undefined : cache.keyOf(task);
    const known = key === undefined ? undefined : cache.get(key);
    const request = newRequest(task, clock.now(), (outcome, ran, keep) => {
      if (key !== undefined && keep && outcome.kind === 'done') cache.put(key, outcome.body, keep);
      settle(outcome, ran);
    });
    if (known) settle({ kind: 'done', body: known }, 0);
    else if (queue.push(request)) wake();
    else settle(this.#refusal(), 0);
    return request;
  }

  #refusal(): TaskOutcome {
    const { queue, counters, clock } = this.#parts;
    counters.busy++;
    const wait = Math.min(MAX_RETRY, Math.max(MIN_RETRY, queue.oldestWait(clock.now())));
    const message = 'the queue of requests is full';
    return { kind: 'failed', code: 'BUSY', message, retryAfter: Math.round(wait) };
  }
}
