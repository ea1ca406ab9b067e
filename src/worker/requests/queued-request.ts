import {
  type Attempt,
  FIRST_ATTEMPT,
  type CacheLifetime,
  type Task,
  type TaskOutcome,
} from '../../wire/task.js';
import type { Flow } from './flow.js';

/** The requests of one connection. */
export type RequestFlow = Flow<QueuedRequest>;

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
  /** Its connection's, once it was queued. Its turns are charged with what the request costs. */
  flow: RequestFlow | undefined;
  /** Microseconds that the attempt under way was charged ahead. */
  charged: number;
  /** Called once, with the time it ran in milliseconds; `keep`: how long the outcome answers for the same task. */
  settle(outcome: TaskOutcome, ran: number, keep?: CacheLifetime): void;
}

export const QUEUED = 'queued';

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
    flow: undefined,
    charged: 0,
    settle,
  };
}

/** Nobody waits for the outcome any more. */
export function abandon(request: QueuedRequest): void {
  request.abandoned = true;
  request.onAbandoned?.();
}

export function settleCancelled(request: QueuedRequest): void {
  const message = 'it was cancelled before it was answered';
  request.settle({ kind: 'failed', code: 'CANCELLED', message }, request.ran);
}
