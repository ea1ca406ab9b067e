import { type Client, Flow } from './flow.js';
import { Heaviest } from './heaviest.js';
import { KnownClients } from './known-clients.js';
import { QUEUED, type QueuedRequest, type RequestFlow, settleCancelled } from './queued-request.js';
import { Turns } from './turns.js';

/** A taking ends before it probably costs more microseconds than that: what is first in it waits for the rest. */
const MAX_TAKING = 8000;
type RequestClient = Client<QueuedRequest>;

/** No task is charged more milliseconds. */
const MAX_COST = 1_000_000;
const NONE: readonly QueuedRequest[] = [];

/**
 * Requests between connections and threads. Clients have their turns by the thread time that they cost, and so have
 * the connections of each client (`Turns`); within a connection the first is the first:
 *
 *     push ──▶ flow  (a connection)  ┐
 *     push ──▶ flow                  ├─ client ┐
 *     push ──▶ flow                  ┘         ├──▶ take
 *     push ──▶ flow ─────────────────── client ┘
 *               ▲
 *     requeue ──┘  (to the head of its flow; not bounded, for it was inside before)
 *
 * The queue is bounded in places. While it is full, a request of a client that takes fewer of them than another goes in
 * nevertheless: the newest of the client that takes the most go out for it, and are the caller's to refuse. The same
 * between the connections of one client. So a client that
 * sends much can neither make others wait nor keep them out, and may have all places that others do not want.
 *
 * Every operation is O(log n) in the clients and connections that wait.
 */
export class RequestQueue {
  readonly #max: number;
  readonly #placesPerByte: number;
  readonly #clients = new Turns<RequestClient>();
  readonly #heaviest = new Heaviest<RequestClient>();
  readonly #known = new KnownClients<QueuedRequest>();
  /** For requests that do not come from a connection. */
  readonly #own = this.#known.open('', 0);
  #depth = 0;
  #places = 0;

  /**
   * @param max places for requests. One takes one place, or more where its body is larger than an even share of
   * `maxBytes`; a queue that is empty has room for any one request.
   * @param maxBytes bytes that all bodies may hold.
   */
  constructor(max: number, maxBytes: number) {
    this.#max = max;
    this.#placesPerByte = max / maxBytes;
    // Nothing that is known of them speaks against a batch.
    this.#own.likely = 0;
  }

  /** Requests that wait. */
  get depth(): number {
    return this.#depth;
  }

  /** Clients of which requests wait. */
  get clients(): number {
    return this.#clients.waiting.length;
  }

  /** A connection of this client, to be closed. See client-name.ts. */
  open(client: string, now: number): RequestFlow {
    return this.#known.open(client, now);
  }

  /** The connection is gone: what waits of it is settled. */
  close(flow: RequestFlow, now: number): void {
    while (!flow.isEmpty) {
      const request = this.#shift(flow);
      if (request) settleCancelled(request);
    }
    this.#known.close(flow, now);
  }

  /** Whether one more of this connection may wait, with a body of so many bytes. */
  hasRoomFor(size: number, flow: RequestFlow = this.#own): boolean {
    const missing = this.#missing(size);
    return missing <= 0 || this.#whoGives(flow, this.#placesOf(size), missing) !== undefined;
  }

  /** Only where there is room for it. Returns those that have to go for it: they are settled by the caller. */
  push(request: QueuedRequest, flow: RequestFlow = this.#own): readonly QueuedRequest[] {
    const size = request.task.body.length;
    const missing = this.#missing(size);
    const displaced = missing > 0 ? this.#displace(flow, this.#placesOf(size), missing) : NONE;
    request.flow = flow;
    const wasEmpty = flow.isEmpty;
    flow.push(request);
    this.#join(flow, wasEmpty, this.#placesOf(size));
    return displaced;
  }

  /**
   * Up to `count` requests whose turn it is, and no further one once their bodies reach `bytes`, or where it would
   * take too long; those that are not wanted any more, or not so late, are settled on the way.
   */
  take(count: number, bytes: number, now: number): QueuedRequest[] {
    const taken: QueuedRequest[] = [];
    let size = 0;
    let time = 0;
    while (taken.length < count && size < bytes) {
      const flow = this.#clients.first?.flows.first;
      if (flow === undefined || (taken.length > 0 && time + flow.likely > MAX_TAKING)) break;
      const { expected, likely } = flow;
      const request = this.#shift(flow);
      if (request === undefined || settledUnstarted(request, now)) continue;
      this.#charge(flow, request, expected);
      taken.push(request);
      size += request.task.body.length;
      time += likely;
    }
    return taken;
  }

  /** Puts requests that were taken back before all others of their connections, and takes back what they were charged. */
  requeue(requests: readonly QueuedRequest[]): void {
    for (const request of requests.toReversed()) {
      const flow = (request.flow ??= this.#own);
      const { charged } = request;
      request.charged = 0;
      request.stage = QUEUED;
      const wasEmpty = flow.isEmpty;
      flow.putBack(request);
      this.#join(flow, wasEmpty, this.#placesOf(request.task.body.length));
      if (charged > 0) this.#correct(flow, -charged, 0);
    }
  }

  /** A request that was taken runs for so many milliseconds already. */
  runs(request: QueuedRequest, milliseconds: number): void {
    const { flow, charged } = request;
    const ran = wholeMicroseconds(milliseconds);
    if (flow === undefined || ran <= charged) return;
    request.charged = ran;
    this.#correct(flow, ran - charged, 0);
  }

  /** A request that was taken has run for so many milliseconds, and does not run any more. */
  ran(request: QueuedRequest, milliseconds: number): void {
    const { flow, charged } = request;
    const ran = wholeMicroseconds(milliseconds);
    if (flow === undefined) return;
    request.charged = 0;
    flow.learn(ran);
    flow.client.learn(ran);
    this.#correct(flow, ran - charged, ran);
  }

  /** Milliseconds that the oldest request has waited; 0 when there is none. O(n) in connections that wait. */
  oldestWait(now: number): number {
    let since = now;
    for (const { flows } of this.#clients.waiting)
      for (const { first } of flows.waiting) since = Math.min(since, first?.queuedAt ?? now);
    return now - since;
  }

  /** How long this connection's next request has waited, or where it has none, the one whose turn is next. */
  waitOf(flow: RequestFlow, now: number): number {
    const request = flow.first ?? (flow.client.flows.first ?? this.#clients.first?.flows.first)?.first;
    return request ? now - request.queuedAt : 0;
  }

  // ── Turns ─────────────────────────────────────────────────────────────────────────────────────────────────

  #join(flow: RequestFlow, wasEmpty: boolean, places: number): void {
    const { client } = flow;
    this.#depth++;
    this.#occupy(flow, places);
    if (!wasEmpty) return;
    client.flows.enter(flow);
    if (client.slot < 0) this.#clients.enter(client);
  }

  #shift(flow: RequestFlow): QueuedRequest | undefined {
    const request = flow.shift();
    if (request) this.#left(flow, request);
    return request;
  }

  #left(flow: RequestFlow, request: QueuedRequest): void {
    const { client } = flow;
    this.#depth--;
    this.#occupy(flow, -this.#placesOf(request.task.body.length));
    if (!flow.isEmpty) return;
    client.flows.leave(flow);
    if (client.flows.first === undefined) this.#clients.leave(client);
  }

  #charge(flow: RequestFlow, request: QueuedRequest, cost: number): void {
    request.charged = cost;
    flow.client.flows.begin(flow, cost);
    this.#clients.begin(flow.client, cost);
  }

  #correct(flow: RequestFlow, correction: number, cost: number): void {
    flow.client.flows.correct(flow, correction, cost);
    this.#clients.correct(flow.client, correction, cost);
  }

  // ── Places ────────────────────────────────────────────────────────────────────────────────────────────────

  #placesOf(size: number): number {
    return Math.max(1, Math.ceil(size * this.#placesPerByte));
  }

  /** How many places are too few for it. */
  #missing(size: number): number {
    return this.#places === 0 ? 0 : this.#places + this.#placesOf(size) - this.#max;
  }

  #occupy(flow: RequestFlow, places: number): void {
    const { client } = flow;
    this.#places += places;
    flow.places += places;
    client.heaviest.changed(flow, flow.places - places);
    client.places += places;
    this.#heaviest.changed(client, client.places - places);
  }

  /** The client or connection that has to give up places for one that takes fewer, if any. */
  #whoGives(flow: RequestFlow, places: number, missing: number): RequestClient | RequestFlow | undefined {
    const { client } = flow;
    const other = this.#heaviest.first;
    if (other && other !== client && other.places - missing >= client.places + places) return other;
    const sibling = client.heaviest.first;
    return sibling && sibling !== flow && sibling.places - missing >= flow.places + places
      ? sibling
      : undefined;
  }

  #displace(flow: RequestFlow, places: number, missing: number): readonly QueuedRequest[] {
    const giver = this.#whoGives(flow, places, missing);
    const displaced: QueuedRequest[] = [];
    if (giver === undefined) return displaced;
    const room = this.#places - missing;
    while (this.#places > room) {
      const from = giver instanceof Flow ? giver : giver.heaviest.first;
      const request = from?.pop();
      if (from === undefined || request === undefined) break;
      this.#left(from, request);
      displaced.push(request);
    }
    return displaced;
  }
}

/** Small integers are kept without a box. */
function wholeMicroseconds(milliseconds: number): number {
  return Math.ceil(Math.min(milliseconds, MAX_COST) * 1000);
}

function settledUnstarted(request: QueuedRequest, now: number): boolean {
  const { deadline = Infinity } = request.task;
  if (request.abandoned) settleCancelled(request);
  else if (request.attempt.number === 0 && now - request.queuedAt > deadline) {
    const message = `it was not started within its deadline of ${deadline} ms`;
    request.settle({ kind: 'failed', code: 'DEADLINE', message }, 0);
  } else return false;
  return true;
}
