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
  /** The attempt that is next, or runs. */
  attempt: Attempt;
  /** Milliseconds that earlier attempts ran. */
  ran: number;
  /** Its present state, for people: `queued`, `in a thread`, `waiting for …`. */
  stage: string;
  /** Milliseconds that it waited between attempts. */
  waited: number;
  /** Set when the outcome is not wanted any more: the task is not started, but settled as CANCELLED. See `abandon`. */
  abandoned: boolean;
  /** Called then, while the request waits outside queue and threads. */
  onAbandoned: (() => void) | undefined;
  /** Threads that died while they ran it. */
  deaths: number;
  /** The flow of its connection, once it was queued; it is charged with the cost of the request. */
  flow: RequestFlow | undefined;
  /** Microseconds that were charged in advance for the running attempt. */
  charged: number;
  /** Called once, with the time it ran in milliseconds; `keep`: how long the outcome may answer the same task. */
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

/** Marks the outcome as not wanted any more. */
export function abandon(request: QueuedRequest): void {
  request.abandoned = true;
  request.onAbandoned?.();
}

export function settleCancelled(request: QueuedRequest): void {
  const message = 'it was cancelled before it was answered';
  request.settle({ kind: 'failed', code: 'CANCELLED', message }, request.ran);
}
