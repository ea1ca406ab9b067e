import { type Client, Flow } from './flow.js';
import { KnownClients } from './known-clients.js';
import { Places } from './places.js';
import { QUEUED, type QueuedRequest, type RequestFlow, settleCancelled } from './queued-request.js';
import { Turns } from './turns.js';

/**
 * The most expected microseconds of tasks that are taken together, since the result of the first waits for the others.
 */
const MAX_TAKING = 8000;
/** A turn lasts for so many microseconds, or one request: several cheap requests share a turn. */
const TURN = 500;
type RequestClient = Client<QueuedRequest>;

/** The most microseconds that a task is charged. */
const MAX_COST = 1_000_000_000;
const NONE: readonly QueuedRequest[] = [];

/**
 * Requests between connections and threads. Clients have their turns by the thread time that they cost, and so have the
 * connections of each client (`Turns`); within a connection requests keep their order:
 *
 *     push ──▶ flow  (a connection)  ┐
 *     push ──▶ flow                  ├─ client ┐
 *     push ──▶ flow                  ┘         ├──▶ take
 *     push ──▶ flow ─────────────────── client ┘
 *               ▲
 *     requeue ──┘  (to the head of its flow; not bounded, since it was in the queue before)
 *
 * The queue is bounded in places. While it is full, a request of a client with fewer places than another is queued
 * nevertheless: the newest requests of the client with the most places are removed for it, and the caller refuses them.
 * The same holds between the connections of one client. So a client that sends much can neither make others wait nor
 * keep them out, and may have all places that others do not want.
 *
 * Every operation is O(log n) in the clients and connections that wait.
 */
export class RequestQueue {
  readonly #places: Places<QueuedRequest>;
  readonly #clients = new Turns<RequestClient>();
  readonly #known = new KnownClients<QueuedRequest>();
  /** The flow of requests without a connection. */
  readonly #own = this.#known.open('', 0);
  /** Flows with tasks that have run and are not accounted for yet. */
  readonly #unaccounted: RequestFlow[] = [];
  #depth = 0;

  /**
   * @param max places for requests. One takes one place, or more where its body is larger than an even share of
   * `maxBytes`; a queue that is empty has room for any one request.
   * @param maxBytes bytes that all bodies may hold.
   */
  constructor(max: number, maxBytes: number) {
    this.#places = new Places(max, maxBytes);
    // They may go into one batch.
    this.#own.likely = 0;
  }

  /** The number of waiting requests. */
  get depth(): number {
    return this.#depth;
  }

  /** The number of clients with waiting requests. */
  get clients(): number {
    return this.#clients.waiting.length;
  }

  /** Opens the flow of a connection of this client, to be closed later. See client-name.ts. */
  open(client: string, now: number): RequestFlow {
    return this.#known.open(client, now);
  }

  /** The connection is gone: settles its waiting requests. */
  close(flow: RequestFlow, now: number): void {
    const waiting = flow.isEmpty ? NONE : this.#takeFrom(flow, Infinity, Infinity);
    for (const request of waiting) settleCancelled(request);
    this.#known.close(flow, now);
  }

  /** Whether one more request of this connection may wait, with a body of so many bytes. */
  hasRoomFor(size: number, flow: RequestFlow = this.#own): boolean {
    const missing = this.#places.missing(size);
    return missing <= 0 || this.#places.whoGives(flow, this.#places.of(size), missing) !== undefined;
  }

  /**
   * Queues a request; there must be room for it. Returns the requests that are removed for it, which the caller
   * settles.
   */
  push(request: QueuedRequest, flow: RequestFlow = this.#own): readonly QueuedRequest[] {
    const places = this.#placesOf(request);
    const missing = this.#places.missing(request.task.body.length);
    const displaced = missing > 0 ? this.#displace(flow, places, missing) : NONE;
    request.flow = flow;
    const wasEmpty = flow.isEmpty;
    flow.push(request);
    this.#join(flow, wasEmpty, places);
    return displaced;
  }

  /**
   * Takes up to `count` requests in their turn, until their bodies reach `bytes` or they would take too long. Requests
   * that are not wanted any more, or too late, are settled here.
   */
  take(count: number, bytes: number, now: number): QueuedRequest[] {
    this.#account();
    const taken: QueuedRequest[] = [];
    let size = 0;
    let time = 0;
    while (taken.length < count && size < bytes) {
      const flow = this.#clients.first?.flows.first;
      if (flow === undefined || (taken.length > 0 && time + flow.likely > MAX_TAKING)) break;
      // A single flow has all turns, without comparing after each.
      const isAlone = this.#clients.waiting.length === 1 && flow.client.flows.waiting.length === 1;
      const turn = isAlone ? MAX_TAKING - time : Math.min(TURN, MAX_TAKING - time);
      const inTime = Math.max(1, Math.floor(turn / flow.likely));
      const before = taken.length;
      for (const request of this.#takeFrom(flow, Math.min(count - before, inTime), bytes - size)) {
        if (settledUnstarted(request, now)) continue;
        request.charged = flow.expected;
        taken.push(request);
        size += request.task.body.length;
      }
      time += (taken.length - before) * flow.likely;
      this.#charge(flow, (taken.length - before) * flow.expected);
    }
    return taken;
  }

  /** Puts taken requests back before all others of their connections, and reverses their charges. */
  requeue(requests: readonly QueuedRequest[]): void {
    for (const request of requests.toReversed()) {
      const flow = (request.flow ??= this.#own);
      const { charged } = request;
      request.charged = 0;
      request.stage = QUEUED;
      const wasEmpty = flow.isEmpty;
      flow.putBack(request);
      this.#join(flow, wasEmpty, this.#placesOf(request));
      if (charged > 0) this.#correct(flow, -charged, 0);
    }
  }

  /** A taken request has been running for so many milliseconds. */
  runs(request: QueuedRequest, milliseconds: number): void {
    const { flow, charged } = request;
    const ran = wholeMicroseconds(milliseconds * 1000);
    if (flow === undefined || ran <= charged) return;
    request.charged = ran;
    this.#correct(flow, ran - charged, 0);
  }

  /** A taken request has run for so many microseconds and is finished. */
  ran(request: QueuedRequest, microseconds: number): void {
    const { flow, charged } = request;
    if (flow === undefined) return;
    request.charged = 0;
    const { finished } = flow;
    if (finished.count === 0) this.#unaccounted.push(flow);
    finished.count++;
    finished.cost += wholeMicroseconds(microseconds);
    finished.charged += charged;
  }

  /** Milliseconds that the oldest request has waited; 0 if there is none. O(n) in waiting connections. */
  oldestWait(now: number): number {
    let since = now;
    for (const { flows } of this.#clients.waiting)
      for (const { first } of flows.waiting) since = Math.min(since, first?.queuedAt ?? now);
    return now - since;
  }

  /** How long this connection's next request has waited; if it has none, the request whose turn is next. */
  waitOf(flow: RequestFlow, now: number): number {
    const request = flow.first ?? (flow.client.flows.first ?? this.#clients.first?.flows.first)?.first;
    return request ? now - request.queuedAt : 0;
  }

  // ── Turns ─────────────────────────────────────────────────────────────────────────────────────────────────

  #join(flow: RequestFlow, wasEmpty: boolean, places: number): void {
    const { client } = flow;
    this.#depth++;
    this.#places.occupy(flow, places);
    if (!wasEmpty) return;
    client.flows.enter(flow);
    if (client.slot < 0) this.#clients.enter(client);
  }

  /** Takes up to so many of one flow, until their bodies reach `bytes`. */
  #takeFrom(flow: RequestFlow, count: number, bytes: number): readonly QueuedRequest[] {
    const run: QueuedRequest[] = [];
    let size = 0;
    let places = 0;
    while (run.length < count && size < bytes) {
      const request = flow.shift();
      if (request === undefined) break;
      run.push(request);
      size += request.task.body.length;
      places += this.#placesOf(request);
    }
    this.#left(flow, run.length, places);
    return run;
  }

  #charge(flow: RequestFlow, cost: number): void {
    flow.client.flows.begin(flow, cost);
    this.#clients.begin(flow.client, cost);
  }

  #left(flow: RequestFlow, count: number, places: number): void {
    const { client } = flow;
    this.#depth -= count;
    this.#places.occupy(flow, -places);
    if (!flow.isEmpty) return;
    client.flows.leave(flow);
    if (client.flows.first === undefined) this.#clients.leave(client);
  }

  /** Results come many at a time, so clocks are corrected once for all of them, before the next turn. */
  #account(): void {
    for (let flow = this.#unaccounted.pop(); flow; flow = this.#unaccounted.pop()) {
      const { finished, client } = flow;
      const { count, cost, charged } = finished;
      finished.count = 0;
      finished.cost = 0;
      finished.charged = 0;
      flow.learn(cost / count, count);
      client.learn(cost / count, count);
      this.#correct(flow, cost - charged, cost);
    }
  }

  #correct(flow: RequestFlow, correction: number, cost: number): void {
    flow.client.flows.correct(flow, correction, cost);
    this.#clients.correct(flow.client, correction, cost);
  }

  #displace(flow: RequestFlow, places: number, missing: number): readonly QueuedRequest[] {
    const giver = this.#places.whoGives(flow, places, missing);
    if (giver === undefined) return NONE;
    const displaced: QueuedRequest[] = [];
    for (let left = missing; left > 0;) {
      const from = giver instanceof Flow ? giver : giver.heaviest.first;
      const request = from?.pop();
      if (from === undefined || request === undefined) break;
      const given = this.#placesOf(request);
      this.#left(from, 1, given);
      left -= given;
      displaced.push(request);
    }
    return displaced;
  }

  #placesOf(request: QueuedRequest): number {
    return this.#places.of(request.task.body.length);
  }
}

/** V8 stores small integers without allocation. */
function wholeMicroseconds(time: number): number {
  return Math.ceil(Math.min(time, MAX_COST));
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
