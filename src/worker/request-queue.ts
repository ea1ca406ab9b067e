import { type Attempt, FIRST_ATTEMPT, type Keep, type Task, type TaskOutcome } from '../wire/task.js';

/** A task on its way through queue and thread, perhaps several times. */
export interface QueuedRequest {
  readonly task: Task;
  /** Milliseconds of the monotonic clock. */
  readonly queuedAt: number;
  /** The one that is to come, or runs. */
  attempt: Attempt;
  /** Milliseconds that attempts before this one ran. */
  ran: number;
  /** Where it is now, for people: `queued`, `in a thread`, `waiting for …`. */
  stage: string;
  /** Milliseconds that it waited between attempts. */
  waited: number;
  /** Set when nobody waits for the outcome any more: it is then not started, but settled as CANCELLED. See `abandon`. */
  abandoned: boolean;
  /** Told of that while the request waits outside queue and threads. */
  onAbandoned: (() => void) | undefined;
  /** Threads that died while they ran it. */
  deaths: number;
  /** Called once, with the time it ran in milliseconds; `keep`: how long the outcome answers for the same task. */
  settle(outcome: TaskOutcome, ran: number, keep?: Keep): void;
}

const QUEUED = 'queued';

export function newRequest(task: Task, queuedAt: number, settle: QueuedRequest['settle']): QueuedRequest {
  return {
    task,
    queuedAt,
    attempt: FIRST_ATTEMPT,
    ran: 0,
    stage: QUEUED,
    waited: 0,
    abandoned: false,
    onAbandoned: undefined,
    deaths: 0,
    settle,
  };
}

/** Nobody waits for the outcome any more. */
export function abandon(request: QueuedRequest): void {
  request.abandoned = true;
  request.onAbandoned?.();
}

/** Segments are cut off the front once this many of their requests are gone. */
const COMPACT_AFTER = 1024;

/**
 * The bounded FIFO between connections and threads.
 *
 *     take ◀── [ gone … gone │ oldest … newest ] ◀── push
 *                            │
 *              requeue ──────┘  (back to the head, in their order; not bounded, for they were inside before)
 *
 * The array's gone part is dropped now and then, so that every operation is O(1) on average.
 */
export class RequestQueue {
  readonly #max: number;
  readonly #maxBytes: number;
  #bytes = 0;
  #requests: (QueuedRequest | undefined)[] = [];
  #head = 0;

  /**
   * @param max requests that may wait.
   * @param maxBytes bytes that their bodies may hold; a queue that is empty has room for any one request.
   */
  constructor(max: number, maxBytes: number) {
    this.#max = max;
    this.#maxBytes = maxBytes;
  }

  get depth(): number {
    return this.#requests.length - this.#head;
  }

  /** Whether one more may wait, with a body of so many bytes. */
  hasRoomFor(size: number): boolean {
    return this.depth < this.#max && (this.#bytes === 0 || this.#bytes + size <= this.#maxBytes);
  }

  /** Only where there is room for it. */
  push(request: QueuedRequest): void {
    this.#bytes += request.task.body.length;
    this.#requests.push(request);
  }

  /**
   * Up to `count` requests from the head, and no further one once their bodies reach `bytes`; those that nobody
   * wants any more, or not so late, are settled on the way.
   */
  take(count: number, bytes: number, now: number): QueuedRequest[] {
    const taken: QueuedRequest[] = [];
    let size = 0;
    while (taken.length < count && size < bytes && this.#head < this.#requests.length) {
      const request = this.#requests[this.#head];
      this.#requests[this.#head++] = undefined;
      if (!request) continue;
      this.#bytes -= request.task.body.length;
      if (settledUnstarted(request, now)) continue;
      taken.push(request);
      size += request.task.body.length;
    }
    this.#compact();
    return taken;
  }

  /** Puts requests that were taken back before all others. */
  requeue(requests: readonly QueuedRequest[]): void {
    for (const request of requests) {
      request.stage = QUEUED;
      this.#bytes += request.task.body.length;
    }
    this.#requests = [...requests, ...this.#requests.slice(this.#head)];
    this.#head = 0;
  }

  /** Milliseconds that the request at the head has waited; 0 when there is none. */
  oldestWait(now: number): number {
    const oldest = this.#requests[this.#head];
    return oldest ? now - oldest.queuedAt : 0;
  }

  #compact(): void {
    if (this.#head === this.#requests.length) this.#requests = [];
    else if (this.#head >= COMPACT_AFTER && this.#head * 2 >= this.#requests.length) {
      this.#requests = this.#requests.slice(this.#head);
    } else return;
    this.#head = 0;
  }
}

export function settleCancelled(request: QueuedRequest): void {
  const message = 'it was cancelled before it was answered';
  request.settle({ kind: 'failed', code: 'CANCELLED', message }, request.ran);
}

function settledUnstarted(request: QueuedRequest, now: number): boolean {
  const { deadline = Infinity } = request.task;
  if (request.abandoned) settleCancelled(request);
  else if (request.attempt.number === 0 && now - request.queuedAt > deadline) {
    const message = `it was not started within its deadline of ${deadline} ms`;
    request.settle({ kind: 'failed', code: 'DEADLINE', message }, 0);
  } else return false;
  return true;
}
