/**
 * A task is what the server half knows of a request: a name, opaque bytes for the thread, and the outcome that
 * comes back. Certificates appear in none of these types.
 */
export interface Task {
  /** Which of the thread's handlers runs it: `verify` in the product, `echo` in tests. */
  readonly name: string;
  /** What the handler gets: msgpack in the product. */
  readonly body: Uint8Array;
  /** By what rules it was let in: a kept outcome answers only tasks of the same scope. Absent: 0. */
  readonly scope?: number;
  /** Milliseconds from its arrival within which it must have been started; later nobody wants it any more. */
  readonly deadline?: number;
}

/** Why a task has no result. Each protocol puts these into its own words. */
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

/** Runs one task in a task thread. A throw is INTERNAL, and logged. */
export type TaskHandler = (body: Uint8Array, attempt: Attempt) => TaskResult;

/** A task whose handler asks for a step is run again once the step has ended. */
export interface Attempt {
  /** 0 the first time. */
  readonly number: number;
  /** No step is run any more: this attempt has to answer, and what it asks for otherwise is an error. */
  readonly isLast: boolean;
  /** What the last step that ended returned; empty before there was one. */
  readonly found: Uint8Array;
}

/** The attempt that every task begins with. */
export const FIRST_ATTEMPT: Attempt = { number: 0, isLast: false, found: new Uint8Array(0) };

export type TaskResult =
  /** The outcome's body. */
  | Uint8Array
  /** The same, and the same task may be answered so again. */
  | { readonly body: Uint8Array; readonly keep: CacheLifetime }
  /** What only the IO loop can do, by the step's name; the task is run again with what it returns. */
  | { readonly needs: { readonly step: string; readonly body: Uint8Array } };

/** How long an outcome answers for the same task. */
export interface CacheLifetime {
  /** ms since 1970: when it was made, and until when it holds. */
  readonly since: number;
  readonly until: number;
  /** The state of the world that it rests on, as a number that changes with it; the worker knows the current one. */
  readonly epoch: number;
}
