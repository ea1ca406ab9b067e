import { NumberMap } from '../number-map.js';
import { encode } from '../wire/codec.js';
import { encodeMessage, HEADER, MESSAGE, readHeader } from '../wire/message.js';
import { MessageReader, type Message } from '../wire/message-reader.js';
import type {
  DeadlineKind,
  LeaveReason,
  Protocol,
  Session,
  SessionEvent,
  TaskEvent,
} from '../wire/protocol.js';
import { AT_LIMITS, DEADLINE_TEXT, STATUS_UNAVAILABLE, UNFINISHED_BUSY } from './connection-text.js';
import { exampleMessage, EXAMPLE_OUTCOME } from './example.js';
import { goAway, refusal } from './msgpack-answer.js';
import { type Terms, termsOf } from './msgpack-terms.js';
import { VerifyEvent } from './msgpack-verify.js';
import { notPermitted } from './request-error.js';

/**
 * The msgpack protocol, for programs (docs/protocols.md specifies it): messages with an id, many at once, answered as
 * they are ready. A request's body is checked here and decoded in the task thread; the thread's answer is sent
 * unchanged.
 */
export const msgpackProtocol: Protocol = {
  name: 'msgpack',
  open: (options) => new MsgpackSession(termsOf(options)),
  busy: (retryAfter) => goAway({ code: 'BUSY', message: AT_LIMITS, retryAfter }),
  probe: { question: encodeMessage(MESSAGE.ping, 0, 0), isAnswer: holdsPong },
  example: { request: exampleMessage, outcome: EXAMPLE_OUTCOME },
};

function holdsPong(received: Buffer): boolean {
  let at = 0;
  while (received.length - at >= HEADER) {
    const header = readHeader(received, at);
    if (!header) return false;
    if (header.type === MESSAGE.pong) return true;
    at += header.size;
  }
  return false;
}

const NONE: readonly SessionEvent[] = [];

const LEAVE_TEXT: Readonly<Record<LeaveReason, string>> = {
  drain: 'this worker stops; connect again',
  rebalance: 'other workers have less to do; connect again',
};

class MsgpackSession implements Session {
  readonly unordered = true;
  readonly #terms: Terms;
  readonly #reader: MessageReader;
  /** Unanswered VERIFYs by id. */
  readonly #open = new NumberMap<TaskEvent>();
  #closed = false;

  constructor(terms: Terms) {
    this.#terms = terms;
    this.#reader = new MessageReader(terms.limitOf);
  }

  get greeting(): Buffer {
    return this.#terms.greeting;
  }

  get midRequest(): boolean {
    return this.#reader.midMessage;
  }

  get held(): number {
    return this.#reader.held;
  }

  giveUp(): Buffer {
    return refusal(this.#reader.giveUp(), UNFINISHED_BUSY);
  }

  receive(chunk: Buffer): readonly SessionEvent[] {
    this.#reader.push(chunk);
    return NONE;
  }

  next(): SessionEvent | undefined {
    if (this.#closed) return { kind: 'close' };
    for (let read = this.#reader.next(); read; read = this.#reader.next()) {
      const event =
        read.kind === 'message'
          ? this.#event(read)
          : read.kind === 'broken'
            ? this.#breakOff('BAD_MESSAGE', read.why)
            : tooLarge(read.id, read.limit);
      if (event) return event;
    }
    return undefined;
  }

  end(): readonly SessionEvent[] {
    if (!this.#reader.midMessage) return NONE;
    const id = this.#reader.giveUp();
    return [refused(id, 'INCOMPLETE', 'the connection ended in the middle of a message')];
  }

  timedOut(deadline: DeadlineKind): Buffer {
    const message = DEADLINE_TEXT[deadline];
    const last = goAway({ code: 'DEADLINE', message });
    if (!this.#reader.midMessage) return last;
    return Buffer.concat([refusal(this.#reader.giveUp(), { code: 'DEADLINE', message }), last]);
  }

  leave(reason: LeaveReason): Buffer {
    return goAway({ code: reason.toUpperCase(), message: LEAVE_TEXT[reason] });
  }

  #event({ type, id, time, body }: Message): SessionEvent | undefined {
    switch (type) {
      case MESSAGE.verify:
        return this.#verify(id, time, body);
      case MESSAGE.ping:
        return { kind: 'reply', bytes: encodeMessage(MESSAGE.pong, id, 0) };
      case MESSAGE.status:
        return this.#status(id);
      default: {
        // A CANCEL for an answered request has crossed that answer on its way.
        const of = this.#open.get(id);
        return of && { kind: 'cancel', of };
      }
    }
  }

  #verify(id: number, time: number, body: Buffer): SessionEvent {
    if (this.#open.has(id)) {
      return this.#breakOff('DUPLICATE_ID', `id ${id} was sent again before its first request was answered`);
    }
    return new VerifyEvent(id, time, body, this.#open, this.#terms);
  }

  #status(id: number): SessionEvent {
    if (!this.#terms.options.permits.has('status')) {
      const { code, message } = notPermitted('STATUS', 'status');
      return refused(id, code, message);
    }
    return {
      kind: 'status',
      answer: (status) =>
        status === null
          ? refusal(id, STATUS_UNAVAILABLE)
          : encodeMessage(MESSAGE.answer, id, 0, encode({ status })),
    };
  }

  /** Nothing after this can be parsed: the client is told, and the connection closes after the pending answers. */
  #breakOff(code: string, message: string): SessionEvent {
    this.#closed = true;
    return { kind: 'reply', bytes: goAway({ code, message }), error: true };
  }
}

function tooLarge(id: number, limit: number): SessionEvent {
  return refused(id, 'REQUEST_TOO_LARGE', `a body of this type has at most ${limit} bytes (request.maxSize)`);
}

function refused(id: number, code: string, message: string): SessionEvent {
  return { kind: 'reply', bytes: refusal(id, { code, message }), error: true };
}
