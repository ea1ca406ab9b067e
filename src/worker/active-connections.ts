import type { Clock } from './clock.js';

/** A connection without a request for this long is no load, in milliseconds. */
export const ACTIVE_FOR = 10_000;

/**
 * The connections that asked something lately, in the order of their last requests:
 *
 *     count() drops ◀── [ asked long ago … asked just now ] ◀── touch()
 *
 * Each operation is O(1) on average, however many connections there are.
 */
export class ActiveConnections<C> {
  readonly #clock: Clock;
  readonly #lastRequests = new Map<C, number>();
  /** The last in the map. */
  #latest: C | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  touch(connection: C): void {
    // Where it is the last already it stays where it is: most requests come several in a row.
    if (connection !== this.#latest) this.#lastRequests.delete(connection);
    this.#latest = connection;
    this.#lastRequests.set(connection, this.#clock.now());
  }

  forget(connection: C): void {
    this.#lastRequests.delete(connection);
  }

  count(): number {
    const limit = this.#clock.now() - ACTIVE_FOR;
    for (const [connection, at] of this.#lastRequests) {
      if (at >= limit) break;
      this.#lastRequests.delete(connection);
    }
    return this.#lastRequests.size;
  }

  /** Up to this many, those first that asked last. */
  latest(count: number): C[] {
    const size = this.count();
    return [...this.#lastRequests.keys()].slice(Math.max(size - count, 0)).toReversed();
  }
}
