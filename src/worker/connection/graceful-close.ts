import type { LeaveReason, Session } from '../../wire/protocol.js';
import type { Clock } from '../clock.js';

/** How long a client that was asked to go may still send, in milliseconds: what was under way then arrives. */
const GRACE = 1000;

/** What a departure needs of its connection. */
interface Departing {
  readonly clock: Clock;
  /** The client is asked to go, for the first time. */
  onAsked(): void;
  /** The protocol's words for it. */
  say(words: Buffer): void;
  /** `due` has become true after a while. */
  onDue(): void;
}

/**
 * How a client is brought to leave without losing a request. Where the protocol has words for it, it is asked, and
 * has a while to go by itself; then the connection closes at the next boundary between requests. Without words it
 * closes at a boundary at which no request can be under way, as far as that can be known.
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

  /** Asked to go without a word: the next request is the last. */
  get isWordless(): boolean {
    return this.#reason !== undefined && !this.#session.leave;
  }

  /** The connection may be written to from now on. */
  start(): void {
    this.#started = true;
    if (this.#reason && this.#session.leave) this.#say(this.#reason);
  }

  /**
   * @param closing where there are no words: when the next boundary between requests is the end. `now`; `once-heard`:
   *   the client is new here and has said nothing yet, so its first request is probably on its way, and has a while
   *   from `openedAt` on to come; `behind-an-answer`: only there.
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
    const left = openedAt + GRACE - this.#connection.clock.now();
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
    this.#dueAfter(GRACE);
  }

  #dueAfter(milliseconds: number): void {
    this.#cancel = this.#connection.clock.after(milliseconds, () => {
      this.#due = true;
      this.#connection.onDue();
    });
  }
}
