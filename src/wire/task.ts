/**
 * A task is a request as the server sees it: a name, opaque bytes for the thread, and the outcome that comes back.
 * Certificates appear in none of these types.
 */
export interface Task {
  /** Which of the thread's handlers runs it: `verify` in the product, `echo` in tests. */
  readonly name: string;
  /** What the handler gets: msgpack in the product. */
  readonly body: Uint8Array;
  /** The permissions that it was checked under: a cached outcome answers only tasks of the same scope. Absent: 0. */
  readonly scope?: number;
  /** Milliseconds from its arrival within which it must be started; later its result is not wanted any more. */
  readonly deadline?: number;
}

/** Why a task has no result. Each protocol has its own form for these. */
export type TaskFailureCode = 'BUSY' | 'TIMEOUT' | 'INTERNAL' | 'DEADLINE' | 'CANCELLED';

export type TaskOutcome =
  | { readonly kind: 'done'; readonly body: Uint8Array }
  | {
      readonly kind: 'failed';
      readonly code: TaskFailureCode;
      readonly message: string;
      /** With BUSY: when a new attempt makes sense, in milliseconds. */
      readonly retryAfter?: number;
    };

/** Runs one task in a task thread. An error is answered INTERNAL and logged. */
export type TaskHandler = (body: Uint8Array, attempt: Attempt) => TaskResult;

/** A task whose handler asks for a step is run again once the step has ended. */
export interface Attempt {
  /** 0 the first time. */
  readonly number: number;
  /** No further step is run: this attempt must answer, and asking for a step is an error. */
  readonly isLast: boolean;
  /** The result of the last step; empty before the first. */
  readonly found: Uint8Array;
}

/** The first attempt of every task. */
export const FIRST_ATTEMPT: Attempt = { number: 0, isLast: false, found: new Uint8Array(0) };

export type TaskResult =
  /** The outcome's body. */
  | Uint8Array
  /** The outcome's body, which may answer the same task again. */
  | { readonly body: Uint8Array; readonly keep: CacheLifetime }
  /** A step that only the IO loop can do, by its name; the task is run again with its result. */
  | { readonly needs: { readonly step: string; readonly body: Uint8Array } };

/** How long an outcome may answer the same task. */
export interface CacheLifetime {
  /** ms since 1970: when it was made, and until when it holds. */
  readonly since: number;
  readonly until: number;
  /** The version of the data that it depends on; the worker knows the current one. */
  readonly epoch: number;
}
