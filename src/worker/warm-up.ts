import { Duplex } from 'node:stream';
import type { Logger } from '../log.js';
import { packResults, packTasks, unpackResults, unpackTasks } from '../wire/batch.js';
import { transferred } from '../wire/detach.js';
import type { Example, Protocol, RequestLimits } from '../wire/protocol.js';
import type { WarmUpAccount } from '../wire/thread.js';
import { Admission, MIN_RETRY_MS } from './requests/admission.js';
import type { Clock } from './clock.js';
import { Connection, type ConnectionLimits } from './connection/connection.js';
import { newCounters } from './counters.js';
import { Deadlines } from './connection/deadlines.js';
import { HeldBytes } from './connection/held-bytes.js';
import { Latencies } from './latencies.js';
import { OutcomeCache } from './requests/outcome-cache.js';
import { RequestQueue } from './requests/request-queue.js';
import type { ReadThrottle } from './connection/read-throttle.js';

export interface LoopWarmUp {
  readonly protocols: readonly Protocol[];
  readonly limits: RequestLimits & ConnectionLimits;
  readonly clock: Clock;
  readonly log: Logger;
  /** ms that it may take. */
  readonly time: number;
}

/** Rounds after which V8 has compiled nearly all code that it will compile. */
const ROUNDS = 150;
/** Requests of a round; they come in one piece. */
const PIPELINED = 8;
/** Outcomes in the cache: fewer than there are requests, so that some are evicted. */
const CACHED = 64;
const CACHED_BYTES = 1024 * 1024;
/** One request in so many repeats one of the previous round, whose outcome is cached. */
const REPEATED = 4;
/** ms: longer than a warm-up takes; an expired timer may run for as long. */
const DEADLINES_MS = 5000;
const MINUTE = 60_000;

/**
 * The warm-up of a worker's IO loop: connections without a client process the protocols' examples with the code that
 * serves clients, but with a queue and a cache of their own. The threads' results are simulated. It yields to the loop
 * after each round.
 */
export async function warmUpLoop(options: LoopWarmUp): Promise<WarmUpAccount> {
  const { clock, time, protocols } = options;
  const beganAt = clock.now();
  const lines = protocols.flatMap((protocol) =>
    protocol.example === undefined ? [] : [new WarmUpLine(protocol, protocol.example, options)],
  );
  let rounds = 0;
  for (; lines.length > 0 && rounds < ROUNDS && clock.now() - beganAt < time; rounds++) {
    for (const line of lines) line.ask(rounds * PIPELINED);
    await turn();
    for (const line of lines) line.answer();
    await turn();
  }
  for (const line of lines) line.close();
  return { rounds, milliseconds: clock.now() - beganAt };
}

/** As it appears in the log. */
export function warmUpFields({ rounds, milliseconds }: WarmUpAccount): Readonly<Record<string, number>> {
  return { rounds, ms: Math.round(milliseconds) };
}

/** Requests, and octets: more than a round needs. */
const ROOM = 1_000_000;

/** One connection, with its queue, its cache and its answers. */
class WarmUpLine {
  readonly #example: Example;
  readonly #clock: Clock;
  readonly #queue = new RequestQueue(ROOM, ROOM);
  readonly #stream = new Loopback();

  constructor(protocol: Protocol, example: Example, { limits, clock, log }: LoopWarmUp) {
    this.#example = example;
    this.#clock = clock;
    const counters = newCounters();
    const cache = new OutcomeCache({
      max: CACHED,
      maxBytes: CACHED_BYTES,
      now: Date.now,
      elapsed: () => clock.now(),
      epoch: () => 0,
    });
    const admission = new Admission({ queue: this.#queue, cache, counters, clock, wake: nothing });
    const session = protocol.open({ limits, maxInFlight: limits.maxInFlight, permits: new Set() });
    const connection = new Connection(this.#stream, session, {
      limits: { maxInFlight: limits.maxInFlight, maxPipelined: limits.maxPipelined, maxRequests: 0 },
      deadlines: new Deadlines<Connection>(
        { firstByte: DEADLINES_MS, request: DEADLINES_MS, idle: DEADLINES_MS },
        clock,
        (it) => {
          it.destroy();
        },
      ),
      rests: new Deadlines<ReadThrottle, 'rest'>({ rest: MIN_RETRY_MS }, clock, (rest) => {
        rest.end();
      }),
      counters,
      held: new HeldBytes(Infinity),
      // Its requests are not logged.
      log: log.at('error'),
      clock,
      latencies: new Latencies(),
      protocol: protocol.name,
      origin: () => ({ listener: 'none', peer: 'none' }),
      client: () => '',
      flows: this.#queue,
      admission,
      requestStatus: nothing,
      loadChanged: nothing,
      onRequest: nothing,
      onLeaving: nothing,
      onClosed: nothing,
    });
    connection.start();
  }

  /** @param first the number of the round's first request. */
  ask(first: number): void {
    const requests = Array.from({ length: PIPELINED }, (_, n) => {
      const id = first + n + 1;
      return this.#example.request(id, n % REPEATED === 0 ? id - PIPELINED + 1 : id);
    });
    this.#stream.push(Buffer.concat(requests));
  }

  /** Queued tasks go into batches and back as if a thread had run them. */
  answer(): void {
    while (this.#answerBatch());
  }

  #answerBatch(): boolean {
    const taken = this.#queue.take(PIPELINED, Infinity, this.#clock.now());
    if (taken.length === 0) return false;
    const tasks = taken.map(({ task, attempt }) => ({ handler: 0, body: task.body, attempt }));
    const keep = { since: Date.now(), until: Date.now() + MINUTE, epoch: 0 };
    const done = unpackTasks(transferred(packTasks(tasks))).map(
      () => ({ kind: 'done', microseconds: 1, body: this.#example.outcome, keep }) as const,
    );
    const results = unpackResults(transferred(packResults(done)));
    for (const [place, result] of results.entries()) {
      const request = taken[place];
      if (request === undefined || result.kind !== 'done') continue;
      const ran = result.microseconds / 1000;
      this.#queue.ran(request, result.microseconds);
      request.settle({ kind: 'done', body: result.body }, ran, result.keep);
    }
    return true;
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** A stream: pushed bytes can be read, written bytes are discarded. */
class Loopback extends Duplex {
  override _read(): void {
    // Bytes are pushed by the caller.
  }

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}

function nothing(): void {}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
