import { decode } from '../wire/codec.js';
import { MESSAGE } from '../wire/message.js';
import type { Message } from '../wire/message-reader.js';
import type { PkixdError } from '../errors.js';
import { pauseAfter } from './backoff.js';
import { BusyError, DeadlineError, ProtocolError, RefusedError } from './errors.js';
import { isFields, toRefusal } from './message-shape.js';
import type { Asker, MsgpackConnection } from './msgpack-connection.js';
import { ConnectionLostError } from './socket.js';

/** Hands calls to connections. */
export interface CallQueue {
  /** Calls `sendOn` as soon as a connection has room, unless the call is withdrawn before. */
  submit(call: Call): void;
  withdraw(call: Call): void;
  /** Why there is no connection now; undefined if there is one. */
  readonly trouble: PkixdError | undefined;
}

export interface CallOptions {
  /** Milliseconds for the whole call. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface CallLimits {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** The call does not keep the process alive. */
  readonly unref: boolean;
}

/** The most connections that a call may lose without an answer. BUSY is an answer. */
const MAX_UNANSWERED = 5;

/**
 * Milliseconds before a request is sent again that may have killed the worker, so that the other requests that died
 * with it go first.
 */
const SUSPECT_PAUSE = 1000;

/**
 * One request on its way to its answer:
 *
 *     submit ──▶ sendOn ──▶ answered ──▶ resolve, or reject with RefusedError
 *       ▲           │
 *       ├── BUSY: after a pause
 *       ├── its connection was asked to go, or died before it was read: it was not carried out
 *       └── its connection died: once more, since the request may have killed it; after a pause if that is likely
 *
 * Its timer keeps the process alive; nothing else of the client does.
 */
export class Call implements Asker {
  readonly promise: Promise<unknown>;
  readonly #type: number;
  readonly #body: Uint8Array | undefined;
  readonly #queue: CallQueue;
  readonly #timeout: number;
  readonly #due: number;
  readonly #signal: AbortSignal | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #sentOn: { readonly connection: MsgpackConnection; readonly id: number } | undefined;
  #unanswered = 0;
  #lostOn: MsgpackConnection | undefined;
  #busy: BusyError | undefined;
  #busyTimes = 0;
  #settled = false;

  constructor(
    type: number,
    body: Uint8Array | undefined,
    queue: CallQueue,
    { timeout, signal, unref }: CallLimits,
  ) {
    this.#type = type;
    this.#body = body;
    this.#queue = queue;
    this.#timeout = timeout;
    this.#due = performance.now() + timeout;
    this.#signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal?.aborted) {
      this.fail(signal.reason);
      return;
    }
    signal?.addEventListener('abort', this.#onAbort);
    this.#timer = setTimeout(() => {
      const late = this.#lateness();
      this.#sentOn?.connection.confirm();
      this.fail(late);
    }, timeout);
    if (unref) this.#timer.unref();
    queue.submit(this);
  }

  /** Whether it lost a connection. It is sent once more, on a connection that answers soon. */
  get isLastChance(): boolean {
    return this.#lostOn !== undefined;
  }

  /** The connection that it lost. */
  get lostOn(): MsgpackConnection | undefined {
    return this.#lostOn;
  }

  sendOn(connection: MsgpackConnection): void {
    const left = Math.max(1, Math.ceil(this.#due - performance.now()));
    this.#sentOn = { connection, id: connection.send(this.#type, left, this.#body, this) };
  }

  answered(message: Message): void {
    this.#sentOn = undefined;
    if (message.type === MESSAGE.pong) {
      this.#succeed(undefined);
      return;
    }
    const body = decode(message.body);
    if (!isFields(body)) this.fail(new ProtocolError('an answer is not a map'));
    else if (body['refused'] === undefined) this.#succeed(body);
    else this.#refused(body['refused']);
  }

  unanswered(graceful: boolean, suspect: boolean): void {
    const lost = this.#sentOn?.connection;
    this.#sentOn = undefined;
    this.#unanswered++;
    const again = this.#unanswered < MAX_UNANSWERED && (graceful || !this.isLastChance);
    if (!graceful) this.#lostOn = lost;
    if (again) this.#submitIn(suspect && !graceful ? this.#suspectPause() : 0);
    else {
      this.fail(
        new ConnectionLostError(
          'the connection ended before the answer, and so did the one on which it was sent again',
        ),
      );
    }
  }

  fail(error: unknown): void {
    if (this.#settled) return;
    this.#finish();
    this.#reject(error);
  }

  readonly #onAbort = (): void => {
    this.fail(this.#signal?.reason);
  };

  #succeed(value: unknown): void {
    if (this.#settled) return;
    this.#finish();
    this.#resolve(value);
  }

  #refused(value: unknown): void {
    const refusal = toRefusal(value) ?? { code: 'PROTOCOL', message: 'a refusal without code or message' };
    if (refusal.code !== 'BUSY') {
      this.fail(refusal.code === 'DEADLINE' ? new DeadlineError(this.#timeout) : new RefusedError(refusal));
      return;
    }
    this.#busy = new BusyError(refusal);
    this.#busyTimes++;
    const pause = pauseAfter(this.#busyTimes, refusal.retryAfter, Math.random());
    // Without time for another attempt this answer is final.
    if (performance.now() + pause >= this.#due) this.fail(this.#busy);
    else this.#submitIn(pause);
  }

  #submitIn(pause: number): void {
    if (pause === 0) this.#queue.submit(this);
    else this.#pause = setTimeout(() => this.#queue.submit(this), pause).unref();
  }

  /** At least half of its time is left for the answer. */
  #suspectPause(): number {
    return Math.min(SUSPECT_PAUSE, Math.max(0, this.#due - performance.now()) / 2);
  }

  /** The reason for the lost time. */
  #lateness(): PkixdError {
    if (this.#sentOn) return new DeadlineError(this.#timeout);
    return this.#busy ?? this.#queue.trouble ?? new DeadlineError(this.#timeout);
  }

  #finish(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#pause);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#queue.withdraw(this);
    this.#sentOn?.connection.cancel(this.#sentOn.id);
    this.#sentOn = undefined;
  }
}
