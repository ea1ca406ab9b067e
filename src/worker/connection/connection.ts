import type { Duplex } from 'node:stream';
import { messageOf } from '../../errors.js';
import type { DeadlineKind, LeaveReason, Session, SessionEvent } from '../../wire/protocol.js';
import { AnswerWriter } from './answer-writer.js';
import type { ConnectionDescription, Origin } from './connection-description.js';
import type { ConnectionPhase } from './connection-phase.js';
import type { Deadlines, Watch } from './deadlines.js';
import { GracefulClose } from './graceful-close.js';
import { LingeringClose } from './lingering-close.js';
import type { HeldBytes } from './held-bytes.js';
import { Intake } from './intake.js';
import { OpenRequests, type RequestHost } from './open-requests.js';
import { ReadThrottle } from './read-throttle.js';

/** What a connection needs from its worker. */
export interface ConnectionHost extends RequestHost {
  /** Called for a dump or a warning, so for most connections never. */
  readonly origin: () => Origin;
  readonly limits: ConnectionLimits;
  readonly deadlines: Deadlines<Connection>;
  /** Connections whose reading is paused for a moment. */
  readonly rests: Deadlines<ReadThrottle, 'rest'>;
  readonly held: HeldBytes;
  /** A request came on a connection whose client was not asked to go. */
  onRequest(): void;
  /** The client is asked to go. */
  onLeaving(): void;
  onClosed(): void;
}

export interface ConnectionLimits {
  /** Unanswered requests from which on the socket is not read. */
  readonly maxInFlight: number;
  /** Unanswered requests from which on each further one is answered with an error. */
  readonly maxPipelined: number;
  /** Requests after which the client is asked to go; 0: never. */
  readonly maxRequests: number;
}

/**
 * One client's connection, on any Duplex: bytes go to the session, its events become answers, answers are written in
 * the order of their events, or as they come if the session says so.
 *
 * It reads only while it can answer: not beyond `maxInFlight` unanswered requests, and not while the peer does not read
 * the answers. Nothing is read before `start`.
 */
export class Connection {
  readonly #stream: Duplex;
  readonly #session: Session;
  readonly #host: ConnectionHost;
  readonly #writer: AnswerWriter;
  readonly #requests: OpenRequests;
  readonly #intake: Intake;
  readonly #throttle: ReadThrottle;
  readonly #gracefulClose: GracefulClose;
  readonly #lingeringClose: LingeringClose;
  /** Bytes of an incomplete request, as last reported to the host. */
  #held = 0;
  readonly #openedAt: number;
  #phase: ConnectionPhase = 'new';
  /** The client has sent something. */
  #heard = false;
  /** The client has ended its side. */
  #peerEnded = false;
  /** Requests taken so far. */
  #taken = 0;
  readonly #watch: Watch<Connection, DeadlineKind>;

  constructor(stream: Duplex, session: Session, host: ConnectionHost) {
    this.#stream = stream;
    this.#session = session;
    this.#host = host;
    this.#watch = host.deadlines.of(this);
    this.#writer = new AnswerWriter(stream, () => this.#guarded(() => this.#advance(true)));
    this.#requests = new OpenRequests(host, session.unordered ?? false, {
      write: (bytes) => this.#writer.write(bytes),
      hasRoom: () => this.#writer.peerReads && !this.#writer.full,
      broken: (reason) => {
        host.log.warn('an answer was cut off, and its connection closed', { reason, ...host.origin() });
        stream.destroy();
      },
      guarded: (step) => this.#guarded(step),
      onRefused: () => this.#throttle.refused(),
    });
    this.#intake = new Intake(session, {
      take: (event) => this.#take(event),
      wants: () => this.#takesInput && !this.#writer.full,
      hasRoom: () => this.#takesInput && this.#readyForMore(),
    });
    this.#throttle = new ReadThrottle(host.rests, host.clock, () => this.#advance(false));
    this.#gracefulClose = new GracefulClose(session, {
      clock: host.clock,
      onAsked: () => host.onLeaving(),
      say: (words) => {
        if (this.#takesInput) this.#writer.write(words);
      },
      onDue: () => this.#guarded(() => this.#advance(false)),
    });
    this.#lingeringClose = new LingeringClose(stream, host.clock);
    // A handed-over socket arrives with false: then Node would end our side at the client's half-close, before the
    // answers.
    stream.allowHalfOpen = true;
    stream.on('error', (error) => host.log.debug('connection error', { error: error.message }));
    stream.on('end', () => {
      this.#peerEnded = true;
      if (this.#isStarted) this.#guarded(() => this.#onEnd());
    });
    stream.on('close', () => this.#onClose());
    this.#openedAt = host.clock.now();
    host.counters.openConnections++;
    host.counters.handledConnections++;
  }

  /** To be called once the connection belongs to this worker. */
  start(): void {
    if (this.#phase === 'closed') return;
    this.#phase = this.#phase === 'stopped' ? 'answering' : 'reading';
    if (this.#session.greeting) this.#writer.write(this.#session.greeting);
    this.#gracefulClose.start();
    this.#stream.on('data', (chunk: Buffer) => this.#guarded(() => this.#onData(chunk)));
    if (this.#peerEnded) this.#guarded(() => this.#onEnd());
    else this.#advance(true);
  }

  /** Ends the connection without losing a request: one that has begun may be completed, but no other follows. */
  leave(reason: LeaveReason): void {
    if (this.#phase === 'closed') return;
    // Only a drain cannot wait for the next answer. Otherwise it does: a request may be under way at any other
    // boundary.
    const patient = reason !== 'drain' && this.#requests.waiting === 0;
    const closing = patient ? 'behind-an-answer' : this.#heard ? 'now' : 'once-heard';
    this.#gracefulClose.ask(reason, closing, this.#openedAt);
    this.#advance(false);
  }

  /** Takes no further input, not even the rest of a request. Answers what was taken, then closes. */
  stopReading(): void {
    if (this.#phase === 'new') this.#phase = 'stopped';
    this.#endInput();
    this.#advance(false);
  }

  /** A deadline has passed: tells the client and closes the connection. */
  expire(kind: DeadlineKind): void {
    // No message fits into the middle of an answer.
    if (this.#lingeringClose.begun || this.#requests.isPartWay) {
      this.#stream.destroy();
      return;
    }
    this.#guarded(() => {
      this.#phase = 'expired';
      this.#requests.reply(this.#session.timedOut(kind), true);
      this.#advance(false);
    });
  }

  /** Ends a pause of reading. */
  wake(): void {
    this.#throttle.end();
  }

  /** Its present state, for a dump. */
  describe(): ConnectionDescription {
    return {
      ...this.#host.origin(),
      protocol: this.#host.protocol,
      ageMs: Math.round(this.#host.clock.now() - this.#openedAt),
      taken: this.#taken,
      unanswered: this.#requests.waiting,
      heldBytes: this.#held,
      deadline: this.#watch.kind ?? null,
      leaving: this.#gracefulClose.reason ?? null,
      phase: this.#phase,
      requests: this.#requests.describe(),
    };
  }

  destroy(): void {
    this.#stream.destroy();
  }

  // ── From bytes to answers ─────────────────────────────────────────────────────────────────────────────────

  #onData(chunk: Buffer): void {
    if (!this.#takesInput) return;
    this.#heard = true;
    const { completed, rest } = this.#intake.receive(chunk);
    if (rest && this.#takesInput) this.#stream.unshift(rest);
    if (completed) this.#tellOfRequests();
    this.#weigh();
    if (completed && (this.#gracefulClose.due || this.#gracefulClose.isWordless)) this.#endInput();
    // The request deadline starts again when an earlier request was completed, not with each piece.
    this.#advance(completed || !this.#session.midRequest);
  }

  /** Memory is shared: when it runs short, the connection that holds the most of it gives up first. */
  #weigh(): void {
    if (!this.#reportHeld(this.#session.held ?? 0) || !this.#session.giveUp) return;
    this.#host.counters.busy++;
    this.#requests.reply(this.#session.giveUp(), false);
    // If that was its last answer, the session says so in its next event.
    if (this.#session.next) this.#intake.pull();
    this.#reportHeld(this.#session.held ?? 0);
  }

  #reportHeld(bytes: number): boolean {
    const before = this.#held;
    this.#held = bytes;
    return this.#host.held.change(before, bytes);
  }

  #onEnd(): void {
    this.#finishInput();
    this.#advance(false);
  }

  /** Called once all input before the client's end was taken. */
  #finishInput(): void {
    if (!this.#takesInput || this.#intake.backlog) return;
    for (const event of this.#session.end()) this.#take(event);
    this.#endInput();
  }

  #take(event: SessionEvent): void {
    const { maxPipelined } = this.#host.limits;
    if (event.kind === 'close') this.#endInput();
    else if (event.kind === 'cancel') this.#requests.cancel(event.of);
    else if (this.#session.tooManyPipelined && this.#requests.waiting >= maxPipelined) {
      this.#requests.reply(this.#session.tooManyPipelined(event, maxPipelined), true);
    } else if (event.kind === 'reply') this.#requests.reply(event.bytes, event.error ?? false);
    else if (event.kind === 'status') this.#requests.askStatus(event);
    else this.#requests.run(event);
    if (event.kind !== 'cancel' && event.kind !== 'close') this.#count();
  }

  /** Called after each request. The answer to the last allowed request is the last one. */
  #count(): void {
    this.#taken++;
    if (this.#taken === this.#host.limits.maxRequests)
      this.#gracefulClose.ask('rebalance', 'now', this.#openedAt);
  }

  /** Called once for requests that came together. */
  #tellOfRequests(): void {
    if (this.#gracefulClose.reason === undefined) this.#host.onRequest();
  }

  // ── What to do next ───────────────────────────────────────────────────────────────────────────────────────

  /** @param anew whether the current deadline starts again */
  #advance(anew: boolean): void {
    if (!this.#isStarted) return;
    this.#guarded(() => this.#requests.pump());
    if (this.#intake.backlog && this.#intake.pull()) {
      this.#tellOfRequests();
      this.#weigh();
    }
    if (this.#peerEnded) this.#finishInput();
    if (this.#gracefulClose.due && !this.#session.midRequest) this.#endInput();
    const owing = this.#requests.waiting > 0 || this.#writer.pending;
    if (!this.#takesInput && !owing)
      this.#lingeringClose.begin(this.#phase === 'expired', this.#peerEnded, () =>
        this.#host.deadlines.release(this.#watch),
      );
    const read =
      this.#lingeringClose.begun || (this.#takesInput && !this.#throttle.isOn && this.#readyForMore());
    if (read) this.#stream.resume();
    else this.#stream.pause();
    this.#setDeadline(anew);
  }

  get #isStarted(): boolean {
    return this.#takesInput || this.#phase === 'answering' || this.#phase === 'expired';
  }

  get #takesInput(): boolean {
    return this.#phase === 'reading';
  }

  /** No further request is taken. */
  #endInput(): void {
    if (this.#phase === 'reading') this.#phase = 'answering';
  }

  #readyForMore(): boolean {
    return (
      this.#writer.peerReads && !this.#writer.full && this.#requests.waiting < this.#host.limits.maxInFlight
    );
  }

  #setDeadline(anew: boolean): void {
    const kind = this.#currentDeadline();
    if (kind === undefined) this.#host.deadlines.release(this.#watch);
    else if (kind !== this.#watch.kind || anew) this.#host.deadlines.watch(this.#watch, kind);
  }

  /** A client that waits for answers is not idle; one that does not read them is. */
  #currentDeadline(): DeadlineKind | undefined {
    if (this.#lingeringClose.begun) return this.#lingeringClose.lingering ? undefined : 'idle';
    if (!this.#writer.peerReads) return this.#phase === 'expired' ? undefined : 'idle';
    if (!this.#takesInput || this.#throttle.isOn || !this.#readyForMore()) return undefined;
    if (!this.#heard) return 'firstByte';
    if (this.#session.midRequest) return 'request';
    return this.#requests.waiting > 0 ? undefined : 'idle';
  }

  #onClose(): void {
    this.#phase = 'closed';
    this.#lingeringClose.cancel();
    this.#gracefulClose.cancel();
    this.#reportHeld(0);
    this.#requests.close();
    this.#host.deadlines.release(this.#watch);
    this.#throttle.cancel();
    this.#host.counters.openConnections--;
    this.#host.loadChanged();
    this.#host.onClosed();
  }

  /** An error in a protocol ends its connection, not the worker. */
  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      const stack = error instanceof Error ? error.stack : undefined;
      this.#host.log.error('a protocol threw; its connection is closed', { error: messageOf(error), stack });
      this.#stream.destroy();
    }
  }
}
