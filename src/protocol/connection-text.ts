import type { Refusal } from '../wire/message.js';
import type { DeadlineKind } from '../wire/protocol.js';

/** Messages about a connection rather than a request, which every protocol puts into its own form. */
export const DEADLINE_TEXT: Readonly<Record<DeadlineKind, string>> = {
  firstByte: 'no request came within connection.firstByteTimeout',
  request: 'the request was not finished within connection.requestTimeout',
  idle: 'no further request came within connection.idleTimeout',
};

export const AT_LIMITS = 'the server is at its limits; try again later';

export const UNFINISHED_BUSY = {
  code: 'BUSY',
  message: 'the worker holds too much of unfinished requests (request.maxHeld)',
  retryAfter: 1000,
} as const satisfies Refusal;

export const STATUS_UNAVAILABLE = {
  code: 'STATUS_UNAVAILABLE',
  message: 'the primary process did not answer; try again',
} as const satisfies Refusal;
