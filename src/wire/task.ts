/**
 * A task is what the server half knows of a request: a name, opaque bytes for the thread, and the outcome that
 * comes back. Certificates appear in none of these types.
 */
export interface Task {
  /** Which of the thread's handlers runs it: `verify` in the product, `echo` in tests. */
  readonly name: string;
  /** What the handler gets: msgpack in the product. */
  readonly body: Uint8Array;
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

/** Runs one task in a task thread; its result is the outcome's body. A throw is INTERNAL, and logged. */
export type TaskHandler = (body: Uint8Array) => Uint8Array;
