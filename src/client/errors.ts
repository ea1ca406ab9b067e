import { PkixdError } from '../errors.js';
import type { Refusal } from '../wire/message.js';

/** The server did not carry the request out; `code` says why: NOT_PERMITTED, BAD_ARGUMENT, UNKNOWN_PROFILE, … */
export class RefusedError extends PkixdError {
  constructor({ code, message }: Refusal) {
    super(code, message);
  }
}

/** The server had no room for the request until its time was over. */
export class BusyError extends RefusedError {
  /** Milliseconds after which a new attempt makes sense, as the server said last. */
  readonly retryAfter: number | undefined;

  constructor(refusal: Refusal) {
    super(refusal);
    this.retryAfter = refusal.retryAfter;
  }
}

/** No answer came within the request's `timeout`. */
export class DeadlineError extends PkixdError {
  constructor(timeout: number) {
    super('DEADLINE', `no answer within ${timeout} ms`);
  }
}

/** `close()` was called. */
export class ClosedError extends PkixdError {
  constructor() {
    super('CLOSED', 'the client is closed');
  }
}

/** The server does not speak the msgpack protocol of pkixd, or a version that this client does not know. */
export class ProtocolError extends PkixdError {
  constructor(message: string) {
    super('PROTOCOL', message);
  }
}

/** The input does not make a valid request. */
export class InputError extends PkixdError {
  constructor(message: string, options?: ErrorOptions) {
    super('BAD_ARGUMENT', message, options);
  }
}
