import type { LeaveReason, Session } from '../../wire/protocol.js';
import type { Clock } from '../clock.js';

/** Milliseconds that a client that was asked to go may still send, so that requests under way arrive. */
const GRACE_MS = 1000;

/** What a graceful close needs from its connection. */
interface Departing {
  readonly clock: Clock;
  /** The client is asked to go, for the first time. */
  onAsked(): void;
  /** The protocol's message for it. */
  say(words: Buffer): void;
  /** Called when `due` has become true after a while. */
  onDue(): void;
}

/**
 * Closes a connection without losing a request. If the protocol has a message for it, the client is asked to go and has
 * a while to do so; then the connection closes at the next boundary between requests. Without such a message it closes
 * at a boundary at which no request is under way, as far as that can be known.
 */
export class GracefulClose {
  readonly #session: Session;
  readonly #connection: Departing;
  #reason: LeaveReason | undefined;
  #due = false;
  #started = false;
  #cancel: (() => void) | undefined;

  constructor(session: Session, connection: Departing) {
    this.#session = session;
    this.#connection = connection;
  }

  get reason(): LeaveReason | undefined {
    return this.#reason;
  }

  /** The connection is to close at the next boundary between requests. */
  get due(): boolean {
    return this.#due;
  }

  /** To be closed without a message: the next request is the last. */
  get isWordless(): boolean {
    return this.#reason !== undefined && !this.#session.leave;
  }

  /** The connection may be written to from now on. */
  start(): void {
    this.#started = true;
    if (this.#reason && this.#session.leave) this.#say(this.#reason);
  }

  /**
   * @param closing for a protocol without a message: the boundary at which the connection closes. `now`; `once-heard`:
   * the client is new and has sent nothing yet, so its first request is probably on its way, and has a while from
   * `openedAt` on to come; `behind-an-answer`: only there.
   * @param openedAt on the clock, in milliseconds.
   */
  ask(reason: LeaveReason, closing: 'now' | 'once-heard' | 'behind-an-answer', openedAt: number): void {
    const asked = this.#reason;
    if (asked === reason || asked === 'drain') return;
    this.#reason = reason;
    if (asked === undefined) this.#connection.onAsked();
    if (this.#session.leave) {
      if (this.#started && asked === undefined) this.#say(reason);
      return;
    }
    const left = openedAt + GRACE_MS - this.#connection.clock.now();
    if (closing === 'once-heard' && left > 0) this.#dueAfter(left);
    else this.#due = closing !== 'behind-an-answer';
    this.#session.closing?.();
  }

  cancel(): void {
    this.#cancel?.();
  }

  #say(reason: LeaveReason): void {
    const words = this.#session.leave?.(reason);
    if (words) this.#connection.say(words);
    this.#dueAfter(GRACE_MS);
  }

  #dueAfter(milliseconds: number): void {
    this.#cancel = this.#connection.clock.after(milliseconds, () => {
      this.#due = true;
      this.#connection.onDue();
    });
  }
}
