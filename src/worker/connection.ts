import type { Duplex } from 'node:stream';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import type { DeadlineKind, Session, SessionEvent } from '../wire/protocol.js';
import type { Task, TaskOutcome } from '../wire/task.js';
import { AnswerSlots } from './answer-slots.js';
import { AnswerWriter } from './answer-writer.js';
import type { Clock } from './clock.js';
import type { Counters } from './counters.js';
import type { Deadlines } from './deadlines.js';
import { Farewell } from './farewell.js';
import type { HeldBytes } from './held-bytes.js';
import type { QueuedRequest } from './request-queue.js';

/** What a connection needs of its worker. */
export interface ConnectionHost {
  readonly limits: ConnectionLimits;
  readonly deadlines: Deadlines<Connection>;
  readonly counters: Counters;
  readonly held: HeldBytes;
  readonly log: Logger;
  readonly clock: Clock;
  /** Queues a task; `settle` is called once, perhaps at once (BUSY), with the milliseconds that it ran. */
  submit(task: Task, settle: (outcome: TaskOutcome, ran: number) => void): QueuedRequest;
  requestStatus(answer: (status: unknown) => void): void;
  loadChanged(): void;
  onClosed(connection: Connection): void;
}

interface ConnectionLimits {
  /** Unanswered requests at which the socket is no longer read. */
  readonly maxInFlight: number;
  /** Unanswered requests beyond which each further one is answered with an error. */
  readonly maxPipelined: number;
}

/** Bytes of input that are made into events at once. */
const SLICE = 2048;

/**
 * One client's connection, on any Duplex: bytes go to the session, its events become answers, answers are written
 * in the order of their events.
 *
 * It reads only while it could also answer: not beyond `maxInFlight` unanswered requests, and not while the peer
 * leaves our answers lying. Nothing is read before `start`.
 */
export class Connection {
  readonly #stream: Duplex;
  readonly #session: Session;
  readonly #host: ConnectionHost;
  readonly #writer: AnswerWriter;
  readonly #slots: AnswerSlots;
  readonly #farewell: Farewell;
  /** Requests whose outcome is still to come. */
  readonly #tasks = new Set<QueuedRequest>();
  #unanswered = 0;
  /** Bytes of a request that is not whole yet, as the host was told last. */
  #held = 0;
  #started = false;
  #heard = false;
  #peerEnded = false;
  /** No further request is taken. */
  #inputOver = false;
  #draining = false;
  #expired = false;
  #closed = false;
  #deadline: DeadlineKind | undefined;

  constructor(stream: Duplex, session: Session, host: ConnectionHost) {
    this.#stream = stream;
    this.#session = session;
    this.#host = host;
    this.#writer = new AnswerWriter(stream, () => {
      this.#advance(true);
    });
    this.#slots = new AnswerSlots((bytes) => {
      this.#writer.write(bytes);
    });
    this.#farewell = new Farewell(stream, host.clock);
    // A handed-over socket arrives with false: then Node ends our side at the client's half-close, answers or not.
    stream.allowHalfOpen = true;
    stream.on('error', (error) => {
      host.log.debug('connection error', { error: error.message });
    });
    stream.on('end', () => {
      this.#peerEnded = true;
      if (this.#started) this.#guarded(() => this.#onEnd());
    });
    stream.on('close', () => {
      this.#onClose();
    });
    host.counters.openConnections++;
    host.counters.handledConnections++;
  }

  /** To be called once the connection is this worker's for certain. */
  start(): void {
    if (this.#closed) return;
    this.#started = true;
    this.#stream.on('data', (chunk: Buffer) => {
      this.#guarded(() => this.#onData(chunk));
    });
    if (this.#peerEnded) this.#guarded(() => this.#onEnd());
    else this.#advance(true);
  }

  /** Closes at the next boundary between requests; a request begun may still be finished, and no other after it. */
  drain(): void {
    this.#draining = true;
    this.#advance(false);
  }

  /** Takes no further input, not even the rest of a request; what was read whole is answered, then it closes. */
  stopReading(): void {
    this.#inputOver = true;
    this.#advance(false);
  }

  /** A deadline passed: the client is told, and the connection closed. */
  expire(kind: DeadlineKind): void {
    this.#deadline = undefined;
    if (this.#farewell.begun) {
      this.#stream.destroy();
      return;
    }
    this.#guarded(() => {
      this.#inputOver = true;
      this.#expired = true;
      this.#reply(this.#session.timedOut(kind), true);
      this.#advance(false);
    });
  }

  destroy(): void {
    this.#stream.destroy();
  }

  // ── From bytes to answers ─────────────────────────────────────────────────────────────────────────────────

  #onData(chunk: Buffer): void {
    if (this.#inputOver) return;
    this.#heard = true;
    let completed = false;
    for (let start = 0; start < chunk.length && !this.#inputOver; start += SLICE) {
      // Commands of a few bytes may have long answers: what would answer with too much at once is read later.
      if (this.#writer.full) {
        this.#stream.unshift(chunk.subarray(start));
        break;
      }
      const events = this.#session.receive(chunk.subarray(start, start + SLICE));
      this.#take(events);
      completed ||= events.length > 0;
    }
    this.#weigh();
    if (this.#draining && completed) this.#inputOver = true;
    // The time for a request begins anew when an earlier one was completed, not with each piece of it.
    this.#advance(completed || !this.#session.midRequest);
  }

  /** Memory is for all: when it runs short, who holds the most of it goes first. */
  #weigh(): void {
    if (!this.#reportHeld(this.#session.held ?? 0) || !this.#session.giveUp) return;
    this.#host.counters.busy++;
    this.#reply(this.#session.giveUp(), false);
    this.#reportHeld(0);
  }

  #reportHeld(bytes: number): boolean {
    const before = this.#held;
    this.#held = bytes;
    return this.#host.held.change(before, bytes);
  }

  #onEnd(): void {
    if (this.#closed) return;
    if (!this.#inputOver) this.#take(this.#session.end());
    this.#inputOver = true;
    this.#advance(false);
  }

  #take(events: readonly SessionEvent[]): void {
    for (const event of events) {
      if (event.kind === 'close') {
        this.#inputOver = true;
        return;
      }
      const { maxPipelined } = this.#host.limits;
      if (this.#slots.waiting >= maxPipelined) {
        this.#reply(this.#session.tooManyPipelined(event, maxPipelined), true);
      } else if (event.kind === 'reply') this.#reply(event.bytes, event.error ?? false);
      else if (event.kind === 'status') this.#runStatus(event);
      else this.#runTask(event);
    }
  }

  #reply(bytes: Buffer, error: boolean): void {
    if (error) this.#host.counters.errors++;
    this.#answer(this.#openSlot(), bytes);
  }

  #runStatus(event: Extract<SessionEvent, { kind: 'status' }>): void {
    const slot = this.#openSlot();
    this.#host.requestStatus((status) => {
      if (!this.#closed) this.#guarded(() => this.#answer(slot, event.answer(status)));
    });
  }

  #runTask(event: Extract<SessionEvent, { kind: 'task' }>): void {
    const slot = this.#openSlot();
    const { clock, log } = this.#host;
    const readAt = clock.now();
    let settled = false;
    let request: QueuedRequest | undefined;
    request = this.#host.submit(event.task, (outcome, ran) => {
      settled = true;
      if (this.#closed) return;
      if (request) this.#tasks.delete(request);
      this.#guarded(() => {
        const answer = event.answer(outcome);
        this.#answer(slot, answer.bytes);
        if (!log.enabled('verbose')) return;
        const queued = Math.max(0, clock.now() - readAt - ran);
        log.verbose('answered', {
          id: event.label,
          ...answer.log,
          queuedMs: round(queued),
          ranMs: round(ran),
        });
      });
    });
    if (!settled) this.#tasks.add(request);
  }

  #openSlot(): number {
    this.#unanswered++;
    this.#host.counters.inFlight++;
    this.#host.loadChanged();
    return this.#slots.open();
  }

  #answer(slot: number, bytes: Buffer): void {
    this.#unanswered--;
    this.#host.counters.inFlight--;
    this.#host.counters.handledRequests++;
    this.#host.loadChanged();
    this.#slots.fill(slot, bytes);
  }

  // ── What to do next ───────────────────────────────────────────────────────────────────────────────────────

  /** @param anew whether something happened that starts the current deadline again. */
  #advance(anew: boolean): void {
    if (this.#closed || !this.#started) return;
    if (this.#draining && !this.#session.midRequest) this.#inputOver = true;
    const owing = this.#slots.waiting > 0 || this.#writer.pending;
    if (this.#inputOver && !owing)
      this.#farewell.begin(this.#expired, () => this.#host.deadlines.release(this));
    const read = this.#farewell.begun || (!this.#inputOver && this.#readyForMore());
    if (read) this.#stream.resume();
    else this.#stream.pause();
    this.#setDeadline(anew);
  }

  #readyForMore(): boolean {
    return (
      this.#writer.peerReads && !this.#writer.full && this.#slots.waiting < this.#host.limits.maxInFlight
    );
  }

  #setDeadline(anew: boolean): void {
    const kind = this.#currentDeadline();
    if (kind === undefined) this.#host.deadlines.release(this);
    else if (kind !== this.#deadline || anew) this.#host.deadlines.watch(this, kind);
    this.#deadline = kind;
  }

  /** Who waits for our answers is not idle; who does not read them is. */
  #currentDeadline(): DeadlineKind | undefined {
    if (this.#farewell.begun) return this.#farewell.lingering ? undefined : 'idle';
    if (!this.#writer.peerReads) return this.#expired ? undefined : 'idle';
    if (this.#inputOver || !this.#readyForMore()) return undefined;
    if (!this.#heard) return 'firstByte';
    if (this.#session.midRequest) return 'request';
    return this.#slots.waiting > 0 ? undefined : 'idle';
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────

  #onClose(): void {
    this.#closed = true;
    this.#farewell.cancel();
    this.#reportHeld(0);
    const { counters, deadlines } = this.#host;
    deadlines.release(this);
    for (const request of this.#tasks) request.abandoned = true;
    counters.inFlight -= this.#unanswered;
    counters.openConnections--;
    this.#host.loadChanged();
    this.#host.onClosed(this);
  }

  /** A defect of a protocol costs its connection, not the worker. */
  #guarded(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      this.#host.log.error('a protocol threw; its connection is closed', { error: messageOf(thrown), stack });
      this.#stream.destroy();
    }
  }
}

/** To hundredths of a millisecond. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
