import type { Linked } from '../../linked-list.js';
import { Heaviest, type Weighed } from './heaviest.js';
import { type Turn, Turns } from './turns.js';

/** Past this many empty places at the head, and as many as requests left, the array is compacted. */
const COMPACT_AFTER_REQUESTS = 512;
/** The expected cost of a client's first task in microseconds. */
const UNKNOWN_COST = 1000;
/** The same for a batch: so high that no batch takes several tasks of an unknown client. */
const UNKNOWN_IN_BATCH = 1_000_000;
/** The weight of a finished task in the expected cost of the next one. */
const NEWEST_COUNTS = 1 / 8;
/** The weight of many tasks together. */
const MOST_COUNTS = 1 / 2;

/** An owner of turns and of places in the queue. */
abstract class Share<T> implements Turn, Weighed<T> {
  virtualTime = 0;
  expected: number;
  /** The expected cost that batches are cut by, on which one preempted task has little effect. */
  likely: number;
  rank = 0;
  order = 0;
  slot = -1;
  places = 0;
  previous: T | undefined = undefined;
  next: T | undefined = undefined;

  constructor(expected: number, likely: number) {
    this.expected = expected;
    this.likely = likely;
  }

  /** Takes note of finished tasks and their average cost in microseconds. */
  learn(cost: number, count: number): void {
    const { expected } = this;
    const weight = Math.min(count * NEWEST_COUNTS, MOST_COUNTS);
    // Rounded up, so that the expectation can reach the cost from below.
    this.expected = expected + Math.ceil((cost - expected) * weight);
    this.likely = cost < this.expected ? cost : this.expected;
  }
}

/** Since when the client has no connections. */
export interface Absence<R> extends Linked<Absence<R>> {
  readonly client: Client<R>;
  /** Milliseconds of the monotonic clock. */
  readonly since: number;
}

/** All connections of one peer: see client-name.ts. */
export class Client<R> extends Share<Client<R>> {
  readonly name: string;
  readonly flows = new Turns<Flow<R>>();
  readonly heaviest = new Heaviest<Flow<R>>();
  /** Its open connections, with or without waiting requests. */
  connections = 0;
  absence: Absence<R> | undefined = undefined;

  constructor(name: string) {
    super(UNKNOWN_COST, UNKNOWN_IN_BATCH);
    this.name = name;
  }
}

/** The requests of one connection that wait for a thread: first in, first out. */
export class Flow<R> extends Share<Flow<R>> {
  readonly client: Client<R>;
  /**
   * Tasks that have run and are not accounted for yet: their number, their microseconds, and those charged in advance.
   */
  readonly finished = { count: 0, cost: 0, charged: 0 };
  /** Entries before `#head` were taken. */
  #requests: (R | undefined)[] = [];
  #head = 0;

  constructor(client: Client<R>) {
    super(client.expected, client.likely);
    this.client = client;
  }

  get isEmpty(): boolean {
    return this.#head === this.#requests.length;
  }

  get first(): R | undefined {
    return this.#requests[this.#head];
  }

  push(request: R): void {
    this.#requests.push(request);
  }

  /** Puts a request before all others. */
  putBack(request: R): void {
    if (this.#head > 0) this.#requests[--this.#head] = request;
    else this.#requests.unshift(request);
  }

  shift(): R | undefined {
    const request = this.#requests[this.#head];
    if (request === undefined) return undefined;
    this.#requests[this.#head++] = undefined;
    if (this.isEmpty) {
      // A new array: an array in the old generation makes the collector track all that is put into it.
      this.#requests = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_AFTER_REQUESTS && this.#head * 2 >= this.#requests.length) {
      this.#requests = this.#requests.slice(this.#head);
      this.#head = 0;
    }
    return request;
  }

  /** Removes the newest request. */
  pop(): R | undefined {
    return this.isEmpty ? undefined : this.#requests.pop();
  }
}
