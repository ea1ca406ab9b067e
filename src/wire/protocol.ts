import type { Task, TaskOutcome } from './task.js';

/** A protocol turns bytes into events and outcomes into bytes; the connection around it does the IO. */
export interface Protocol {
  readonly name: string;
  /** Starts to parse one connection. */
  open(options: SessionOptions): Session;
  /** What a client gets that is refused before anything of it is read. */
  busy(retryAfter: number): Buffer;
  /** How to find out whether a server answers. */
  readonly probe?: Probe;
  /** What the code between socket and threads is warmed up with; absent: it is not. */
  readonly example?: Example;
}

export interface Example {
  /** A whole request that makes a task; of another variant the task's body is another. */
  request(id: number, variant: number): Buffer;
  /** The body of an outcome that its task may have. */
  readonly outcome: Uint8Array;
}

export interface Probe {
  readonly question: Buffer;
  /** Whether what came so far, from the connection's beginning, holds the answer. */
  isAnswer(received: Buffer): boolean;
}

export interface SessionOptions {
  readonly limits: RequestLimits;
  /** Unanswered requests of one connection at which no further one is taken (connection.maxInFlight). */
  readonly maxInFlight: number;
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
 * What a session makes of the bytes. Every event but `cancel` and `close` owes the client exactly one answer. Answers
 * are written in the order of their events, or as soon as they are there, as the session says.
 */
export type SessionEvent =
  | TaskEvent
  | { readonly kind: 'reply'; readonly bytes: Buffer; /** Counted as an error. */ readonly error?: boolean }
  /** `answer` gets `null` when the primary did not tell its status in time. */
  | { readonly kind: 'status'; answer(status: unknown): Buffer }
  /** The client no longer wants this task's result; it is answered CANCELLED unless it runs already. */
  | { readonly kind: 'cancel'; readonly of: TaskEvent }
  /** The client wants no more; close once every answer is written. */
  | { readonly kind: 'close' };

export interface TaskEvent {
  readonly kind: 'task';
  readonly task: Task;
  /** For the log: the client's own name of this request. */
  readonly label: string;
  /**
   * What is wrong with it, if anything: the answer that refuses it. Called before it is queued, and only then: whether
   * a task has its outcome already, or no room, is seen without it.
   */
  refusal?(): Buffer | undefined;
  /** The bytes that answer the outcome. Called once, unless it was refused. */
  answer(outcome: TaskOutcome): Answer;
}

export interface Answer {
  readonly bytes: Buffer;
  /** What follows them, where that is too long to be held: read as fast as the client takes it. */
  readonly rest?: AnswerTail;
  /** A few fields for the log's line about it; asked for only where that line is written. */
  readonly log: () => Readonly<Record<string, unknown>>;
}

export interface AnswerTail {
  readonly pieces: Pieces;
  /** The answer where there is nothing to be had of it any more, when its turn comes. */
  readonly instead: Buffer;
}

/** Bytes in pieces. A throw of `next` costs the connection, for its answer cannot be completed any more. */
export interface Pieces {
  /** Before anything of the answer leaves; false where the bytes cannot be had. */
  open(): boolean;
  /** `undefined` at the end. */
  next(): Buffer | undefined;
  /** Nobody wants the others. */
  close(): void;
}

/** The state of one connection's parser. Pure: no IO, no clock. */
export interface Session {
  /** Answers leave as soon as they are there; else in the order of their requests. */
  readonly unordered?: boolean;
  /** What the client gets before it has said anything. */
  readonly greeting?: Buffer;
  /** Events that these bytes complete, in order. Bytes of a request not yet whole are kept. */
  receive(chunk: Buffer): readonly SessionEvent[];
  /**
   * Where a session has it, `receive` only keeps the bytes and events are asked for here one by one, as long as the
   * connection has room for them: undefined when what was received holds no further one.
   */
  next?(): SessionEvent | undefined;
  /** The client has finished sending: events that the end itself causes (an INCOMPLETE error). */
  end(): readonly SessionEvent[];
  /** Whether a request has begun and is not yet whole. */
  readonly midRequest: boolean;
  /** Bytes held of a request that is not whole yet; absent where a protocol holds none worth counting. */
  readonly held?: number;
  /** Gives up what is held, and drops what still comes of that request: the answer to it. */
  giveUp?(): Buffer;
  /** The answer to a request (or a silent client) whose deadline passed, before the connection is closed. */
  timedOut(deadline: DeadlineKind): Buffer;
  /**
   * The answer to one event beyond the limit of pipelined requests. It replaces the event's own. Sessions with
   * `next` never meet that limit.
   */
  tooManyPipelined?(event: SessionEvent, limit: number): Buffer;
  /**
   * Asks the client to go: it is to send no further request here, and to close once it has its answers. A protocol
   * without such words has none; its connection closes at a boundary between requests.
   */
  leave?(reason: LeaveReason): Buffer;
  /**
   * For a protocol without those words whose answers can say that they are the last: the connection closes behind the
   * answers that are owed, or behind the next where none is.
   */
  closing?(): void;
}

/** `drain`: this worker stops; `rebalance`: others have less to do, or the connection is old. */
export type LeaveReason = 'drain' | 'rebalance';

/** `firstByte`: nothing came; `request`: a request begun was not finished; `idle`: no further request came. */
export type DeadlineKind = 'firstByte' | 'request' | 'idle';
