import type { Task, TaskOutcome } from './task.js';

/** A protocol turns bytes into events and outcomes into bytes; the connection around it does the IO. */
export interface Protocol {
  readonly name: string;
  /** Starts to parse one connection. */
  open(options: SessionOptions): Session;
  /** What a client gets that is refused before anything of it is read. */
  busy(retryAfter: number): Buffer;
}

export interface SessionOptions {
  readonly limits: RequestLimits;
  /** What the listener permits; each protocol knows the words (for the line protocol: `at`, `anchors`, …). */
  readonly permits: ReadonlySet<string>;
}

/** Bounds on what one request may hold. */
export interface RequestLimits {
  /** Bytes in one line. */
  readonly maxLine: number;
  /** Bytes in one request. */
  readonly maxSize: number;
  readonly maxCertificates: number;
  readonly maxCrls: number;
}

/**
 * What a session makes of the bytes. Every event but `close` owes the client exactly one answer, and answers are
 * written in the order of their events.
 */
export type SessionEvent =
  | {
      readonly kind: 'task';
      readonly task: Task;
      /** For the log: the client's own name of this request. */
      readonly label: string;
      /** The bytes that answer the outcome, and a few fields for the log's line about it. */
      answer(outcome: TaskOutcome): Answer;
    }
  | { readonly kind: 'reply'; readonly bytes: Buffer; /** Counted as an error. */ readonly error?: boolean }
  /** `answer` gets `null` when the primary did not tell its status in time. */
  | { readonly kind: 'status'; answer(status: unknown): Buffer }
  /** The client wants no more; close once every answer is written. */
  | { readonly kind: 'close' };

export interface Answer {
  readonly bytes: Buffer;
  readonly log: Readonly<Record<string, unknown>>;
}

/** The state of one connection's parser. Pure: no IO, no clock. */
export interface Session {
  /** Events that these bytes complete, in order. Bytes of a request not yet whole are kept. */
  receive(chunk: Buffer): SessionEvent[];
  /** The client has finished sending: events that the end itself causes (an INCOMPLETE error). */
  end(): SessionEvent[];
  /** Whether a request has begun and is not yet whole. */
  readonly midRequest: boolean;
  /** Bytes held of a request that is not whole yet; absent where a protocol holds none worth counting. */
  readonly held?: number;
  /** Gives up what is held, and drops what still comes of that request: the answer to it. */
  giveUp?(): Buffer;
  /** The answer to a request (or a silent client) whose deadline passed, before the connection is closed. */
  timedOut(deadline: DeadlineKind): Buffer;
  /** The answer to one event beyond the limit of pipelined requests. It replaces the event's own. */
  tooManyPipelined(event: SessionEvent, limit: number): Buffer;
}

/** `firstByte`: nothing came; `request`: a request begun was not finished; `idle`: no further request came. */
export type DeadlineKind = 'firstByte' | 'request' | 'idle';
