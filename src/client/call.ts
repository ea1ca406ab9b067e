import { decode } from '../wire/codec.js';
import { MESSAGE } from '../wire/message.js';
import type { Message } from '../wire/message-reader.js';
import type { PkixdError } from '../errors.js';
import { pauseAfter } from './backoff.js';
import { BusyError, DeadlineError, ProtocolError, RefusedError } from './errors.js';
import { isFields, toRefusal } from './message-shape.js';
import type { Asker, MsgpackConnection } from './msgpack-connection.js';
import { ConnectionLostError } from './socket.js';

/** What hands calls to connections. */
export interface CallQueue {
  /** Calls `sendOn` as soon as a connection has room, unless it is withdrawn before. */
  submit(call: Call): void;
  withdraw(call: Call): void;
  /** Why there is no connection at this moment, if that is so. */
  readonly trouble: PkixdError | undefined;
}

export interface CallOptions {
  /** Milliseconds until the answer has to be there, everything included. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface CallLimits {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** The call does not keep the process alive. */
  readonly unref: boolean;
}

/** How often one call goes unanswered at most, whatever became of its connections. BUSY is an answer. */
const MAX_UNANSWERED = 5;

/**
 * Milliseconds until a request is sent again that may be what killed the worker: those that died with it go first, and
 * do not meet it at the next one.
 */
const SUSPECT_PAUSE = 1000;

/**
 * One request on its way to its answer:
 *
 *     submit ──▶ sendOn ──▶ answered ──▶ resolve, or reject with RefusedError
 *       ▲           │
 *       ├── BUSY: after a pause
 *       ├── its connection was asked to go, or died before it was read: it was not carried out
 *       └── its connection died: once, for the request may be what killed it; if it looks like that, after a pause
 *
 * Its timer keeps the process alive, and nothing else of the client does.
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

  /** Whether it lost a connection: it is sent once more, and should be answered soon after it is sent. */
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
    if (!isFields(body)) this.fail(new ProtocolError('an answer is no map'));
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
    // Without time for another attempt the answer stands.
    if (performance.now() + pause >= this.#due) this.fail(this.#busy);
    else this.#submitIn(pause);
  }

  #submitIn(pause: number): void {
    if (pause === 0) this.#queue.submit(this);
    else this.#pause = setTimeout(() => this.#queue.submit(this), pause).unref();
  }

  /** Half of its time is left for the answer at least. */
  #suspectPause(): number {
    return Math.min(SUSPECT_PAUSE, Math.max(0, this.#due - performance.now()) / 2);
  }

  /** What the time was lost with. */
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
