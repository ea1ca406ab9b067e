import type { Linked } from '../../linked-list.js';
import { Heaviest, type Weighed } from './heaviest.js';
import { type Turn, Turns } from './turns.js';

/** Past this many empty places at the head, and as many as requests left, the array is compacted. */
const COMPACT_AFTER = 512;
/** Microseconds that the first task of a client is taken to cost. */
const UNKNOWN_COST = 1000;
/** Which is not enough to take several of them together. */
const UNKNOWN_IN_BATCH = 1_000_000;
/** How much a task that has run counts in what the next one is taken to cost. */
const NEWEST_COUNTS = 1 / 8;
/** The same for many together. */
const MOST_COUNTS = 1 / 2;

/** What has its turns, and its places in the queue. */
abstract class Share<T> implements Turn, Weighed<T> {
  virtualTime = 0;
  expected: number;
  /** The same for a batch: one task that the system interrupted says little of the others. */
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

  /** So many of its tasks have run for so many microseconds each. */
  learn(cost: number, count: number): void {
    const { expected } = this;
    const weight = Math.min(count * NEWEST_COUNTS, MOST_COUNTS);
    // Upwards: what is expected must also get there from below.
    this.expected = expected + Math.ceil((cost - expected) * weight);
    this.likely = cost < this.expected ? cost : this.expected;
  }
}

/** A client without connections, and since when. */
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
  /** Those that are open, whether anything of them waits or not. */
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
  /** Tasks that have run and are not accounted for yet: how many, their microseconds, and those charged ahead. */
  readonly finished = { count: 0, cost: 0, charged: 0 };
  /** Those before `#head` are gone. */
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

  /** Before all others. */
  putBack(request: R): void {
    if (this.#head > 0) this.#requests[--this.#head] = request;
    else this.#requests.unshift(request);
  }

  shift(): R | undefined {
    const request = this.#requests[this.#head];
    if (request === undefined) return undefined;
    this.#requests[this.#head++] = undefined;
    if (this.isEmpty) {
      // A young array: one that is old makes the collector look at all that is put into it.
      this.#requests = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_AFTER && this.#head * 2 >= this.#requests.length) {
      this.#requests = this.#requests.slice(this.#head);
      this.#head = 0;
    }
    return request;
  }

  /** The one that came last. */
  pop(): R | undefined {
    return this.isEmpty ? undefined : this.#requests.pop();
  }
}
