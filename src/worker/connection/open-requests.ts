import { type Linked, LinkedList } from '../../linked-list.js';
import type { Logger } from '../../log.js';
import type { SessionEvent, TaskEvent } from '../../wire/protocol.js';
import type { TaskOutcome } from '../../wire/task.js';
import { AnswersAsReady, AnswerSlots, type SlotSink } from './answer-slots.js';
import type { Clock } from '../clock.js';
import type { Counters } from '../counters.js';
import type { Latencies, RequestTimes } from '../latencies.js';
import type { Admission } from '../requests/admission.js';
import { abandon, type QueuedRequest, type RequestFlow } from '../requests/queued-request.js';

/** Carries requests out, and counts them. */
export interface RequestHost {
  readonly counters: Counters;
  readonly log: Logger;
  readonly clock: Clock;
  readonly latencies: Latencies;
  /** The protocol, by its name in the latencies. */
  readonly protocol: string;
  /** The client's name in the queue; read once, at the first task. */
  readonly client: () => string;
  readonly flows: Flows;
  readonly admission: Pick<Admission, 'atOnce' | 'submit'>;
  readonly requestStatus: (answer: (status: unknown) => void) => void;
  readonly loadChanged: () => void;
}

/** Gives connections their turns. */
export interface Flows {
  open(client: string, now: number): RequestFlow;
  close(flow: RequestFlow, now: number): void;
}

export interface AnswerSink extends SlotSink {
  /** Runs a protocol's callback for an outcome; an error ends the connection. */
  guarded(step: () => void): void;
  /** Called when a request found no room. */
  onRefused(): void;
}

/** The client's name for requests that are answered at once. */
const AT_ONCE: RequestTimes = { total: 0, ran: 0, waited: 0 };

interface OpenTask extends Linked<OpenTask> {
  readonly event: TaskEvent;
  readonly request: QueuedRequest;
}

/** The unanswered requests of one connection, and the way of their answers to the writer. */
export class OpenRequests {
  readonly #host: RequestHost;
  readonly #sink: AnswerSink;
  readonly #slots: AnswerSlots | AnswersAsReady;
  /** Tasks without an outcome, by their order of arrival. */
  readonly #tasks = new LinkedList<OpenTask>();
  /** Set with the first task. */
  #flow: RequestFlow | undefined;
  #unanswered = 0;
  #closed = false;

  constructor(host: RequestHost, unordered: boolean, sink: AnswerSink) {
    this.#host = host;
    this.#sink = sink;
    this.#slots = unordered ? new AnswersAsReady(sink) : new AnswerSlots(sink);
  }

  /** Requests whose answers have not gone to the writer yet. */
  get waiting(): number {
    return this.#slots.waiting;
  }

  /** An answer in pieces is being written. */
  get isPartWay(): boolean {
    return this.#slots.isPartWay;
  }

  /** Writes what waits for room. */
  pump(): void {
    this.#slots.pump();
  }

  reply(bytes: Buffer, error: boolean): void {
    if (error) this.#host.counters.errors++;
    this.#answer(this.#openSlot(), bytes);
  }

  askStatus(event: Extract<SessionEvent, { kind: 'status' }>): void {
    const slot = this.#openSlot();
    this.#host.requestStatus((status) => {
      if (!this.#closed) this.#sink.guarded(() => this.#answer(slot, event.answer(status)));
    });
  }

  run(event: TaskEvent): void {
    const flow = (this.#flow ??= this.#openFlow());
    const outcome = this.#host.admission.atOnce(event.task, flow);
    if (outcome) {
      this.#settle(this.#slots.open(), event, outcome, AT_ONCE);
      if (outcome.kind === 'failed') this.#sink.onRefused();
      return;
    }
    const refusal = event.refusal?.();
    if (refusal) this.reply(refusal, true);
    else this.#submit(event, flow);
  }

  /** A task that still waits is dropped and answered when its turn comes; until then it counts as open. */
  cancel(event: TaskEvent): void {
    for (const task of this.#tasks.toArray()) if (task.event === event) abandon(task.request);
  }

  /** Each task that is not answered yet, the oldest first. */
  describe(): readonly Readonly<Record<string, unknown>>[] {
    const now = this.#host.clock.now();
    return this.#tasks.toArray().map(({ event: { label }, request }) => ({
      id: label,
      task: request.task.name,
      stage: request.stage,
      ageMs: round(now - request.queuedAt),
      attempt: request.attempt.number + 1,
      bytes: request.task.body.length,
    }));
  }

  /** The connection is gone; its results are not needed any more. */
  close(): void {
    this.#closed = true;
    this.#slots.close();
    for (const { request } of this.#tasks.toArray()) abandon(request);
    if (this.#flow) this.#host.flows.close(this.#flow, this.#host.clock.now());
    this.#host.counters.inFlight -= this.#unanswered;
  }

  #openFlow(): RequestFlow {
    const { flows, client, clock } = this.#host;
    return flows.open(client(), clock.now());
  }

  #submit(event: TaskEvent, flow: RequestFlow): void {
    const slot = this.#openSlot();
    const request = this.#host.admission.submit(event.task, flow, (outcome, ran) => {
      if (this.#closed) return;
      this.#tasks.remove(task);
      this.#closeSlot();
      const times = { total: this.#host.clock.now() - request.queuedAt, ran, waited: request.waited };
      this.#sink.guarded(() => this.#settle(slot, event, outcome, times));
      if (outcome.kind === 'failed' && outcome.code === 'BUSY') this.#sink.onRefused();
    });
    const task: OpenTask = { event, request, previous: undefined, next: undefined };
    this.#tasks.append(task);
  }

  #settle(slot: number, event: TaskEvent, outcome: TaskOutcome, times: RequestTimes): void {
    const { log, latencies, protocol, counters } = this.#host;
    const answer = event.answer(outcome);
    counters.handledRequests++;
    this.#slots.fill(slot, answer.bytes, answer.rest);
    if (outcome.kind === 'done') latencies.record(protocol, times);
    if (log.enabled('verbose'))
      log.verbose('answered', { id: event.label, ...answer.log(), ...inWords(times) });
  }

  #openSlot(): number {
    this.#unanswered++;
    this.#host.counters.inFlight++;
    this.#host.loadChanged();
    return this.#slots.open();
  }

  #closeSlot(): void {
    this.#unanswered--;
    this.#host.counters.inFlight--;
    this.#host.loadChanged();
  }

  #answer(slot: number, bytes: Buffer): void {
    this.#closeSlot();
    this.#host.counters.handledRequests++;
    this.#slots.fill(slot, bytes);
  }
}

function inWords({ total, ran, waited }: RequestTimes): Readonly<Record<string, number>> {
  const queuedMs = round(Math.max(0, total - ran - waited));
  return { queuedMs, ranMs: round(ran), ...(waited > 0 && { waitedMs: round(waited) }) };
}

/** Rounded to hundredths of a millisecond. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
