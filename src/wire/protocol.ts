import type { Task, TaskOutcome } from './task.js';

/** A protocol turns bytes into events and outcomes into bytes; the connection around it does the IO. */
export interface Protocol {
  readonly name: string;
  /** Starts to parse one connection. */
  open(options: SessionOptions): Session;
  /** The answer to a client that is refused before it is read from. */
  busy(retryAfter: number): Buffer;
  /** How to find out whether a server answers. */
  readonly probe?: Probe;
  /** Requests for the warm-up of the code between socket and threads; absent: no warm-up. */
  readonly example?: Example;
}

export interface Example {
  /** A complete request that makes a task; variants differ in the task's body. */
  request(id: number, variant: number): Buffer;
  /** The body of a possible outcome of its task. */
  readonly outcome: Uint8Array;
}

export interface Probe {
  readonly question: Buffer;
  /** Whether the bytes since the start of the connection contain the answer. */
  isAnswer(received: Buffer): boolean;
}

export interface SessionOptions {
  readonly limits: RequestLimits;
  /** The most unanswered requests of one connection (connection.maxInFlight). */
  readonly maxInFlight: number;
  /** What the listener permits, in the protocol's own words (for the line protocol: `at`, `anchors`, …). */
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
 * What a session reads from the bytes. Every event except `cancel` and `close` needs exactly one answer. Answers are
 * written in the order of their events, or as soon as they are ready, as the session says.
 */
export type SessionEvent =
  | TaskEvent
  | { readonly kind: 'reply'; readonly bytes: Buffer; /** Counted as an error. */ readonly error?: boolean }
  /** `answer` gets `null` if the primary did not send its status in time. */
  | { readonly kind: 'status'; answer(status: unknown): Buffer }
  /** The client no longer wants this task's result; it is answered CANCELLED unless it runs already. */
  | { readonly kind: 'cancel'; readonly of: TaskEvent }
  /** The client has ended; close once every answer is written. */
  | { readonly kind: 'close' };

export interface TaskEvent {
  readonly kind: 'task';
  readonly task: Task;
  /** For the log: the client's own name for this request. */
  readonly label: string;
  /**
   * Checks the request: the answer that refuses it, if anything is wrong. Called only before the request is queued, so
   * that a cached outcome or a full queue needs no check.
   */
  refusal?(): Buffer | undefined;
  /** The bytes that answer the outcome. Called once, unless it was refused. */
  answer(outcome: TaskOutcome): Answer;
}

export interface Answer {
  readonly bytes: Buffer;
  /** The rest of a long answer, read as fast as the client takes it. */
  readonly rest?: AnswerTail;
  /** A few fields for the log line about it; called only if that line is written. */
  readonly log: () => Readonly<Record<string, unknown>>;
}

export interface AnswerTail {
  readonly pieces: Pieces;
  /** The answer if the rest cannot be opened when its turn comes. */
  readonly instead: Buffer;
}

/** Bytes in pieces. An error of `next` ends the connection, since its answer cannot be completed. */
export interface Pieces {
  /** Called before the answer is written; false if the bytes cannot be read. */
  open(): boolean;
  /** `undefined` at the end. */
  next(): Buffer | undefined;
  /** The remaining pieces are not needed. */
  close(): void;
}

/** The state of one connection's parser. Pure: no IO, no clock. */
export interface Session {
  /** Answers are written as soon as they are ready; otherwise in the order of their requests. */
  readonly unordered?: boolean;
  /** Bytes that the client gets when it connects. */
  readonly greeting?: Buffer;
  /** Events that these bytes complete, in order. Bytes of an incomplete request are kept. */
  receive(chunk: Buffer): readonly SessionEvent[];
  /**
   * If a session has it, `receive` only keeps the bytes, and events are taken here one by one while the connection has
   * room for them: undefined if there is no further one.
   */
  next?(): SessionEvent | undefined;
  /** The client has finished sending: the events that this causes (an INCOMPLETE error). */
  end(): readonly SessionEvent[];
  /** Whether a request is incomplete. */
  readonly midRequest: boolean;
  /** Bytes held of an incomplete request; absent if a protocol holds too few to count. */
  readonly held?: number;
  /** Gives up the incomplete request, and skips the rest of it. Returns the answer to it. */
  giveUp?(): Buffer;
  /** The answer to a request, or to a silent client, whose deadline has passed; the connection is closed after it. */
  timedOut(deadline: DeadlineKind): Buffer;
  /**
   * The answer to one event beyond the limit of pipelined requests. It replaces the event's own answer. Sessions with
   * `next` do not reach that limit.
   */
  tooManyPipelined?(event: SessionEvent, limit: number): Buffer;
  /**
   * Bytes that ask the client to go: to send no further request here, and to close once it has its answers. If a
   * protocol has no such message, the connection closes between two requests.
   */
  leave?(reason: LeaveReason): Buffer;
  /**
   * For a protocol whose answers can say that they are the last: the connection closes after the pending answers, or
   * after the next one if none is pending.
   */
  closing?(): void;
}

/** `drain`: this worker stops; `rebalance`: other workers have less load, or the connection is old. */
export type LeaveReason = 'drain' | 'rebalance';

/** `firstByte`: nothing came; `request`: a request was not completed; `idle`: no further request came. */
export type DeadlineKind = 'firstByte' | 'request' | 'idle';
