import { type Linked, LinkedList } from '../../linked-list.js';
import type { Clock } from '../clock.js';

/** Milliseconds without a request after which a connection does not count as load. */
export const ACTIVE_FOR = 10_000;

/** The time of a connection's last request. */
export interface Activity<C> extends Linked<Activity<C>> {
  readonly connection: C;
  at: number;
}

/**
 * Connections with a recent request, in the order of their last requests:
 *
 *     count() drops ◀── [ asked long ago … asked just now ] ◀── touch()
 *
 * Each operation is O(1) on average, however many connections there are.
 */
export class ActiveConnections<C> {
  readonly #clock: Clock;
  readonly #activities = new LinkedList<Activity<C>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The entry of a connection without a request. */
  of(connection: C): Activity<C> {
    return { connection, at: 0, previous: undefined, next: undefined };
  }

  touch(activity: Activity<C>): void {
    this.forget(activity);
    activity.at = this.#clock.now();
    this.#activities.append(activity);
  }

  forget(activity: Activity<C>): void {
    if (this.#activities.has(activity)) this.#activities.remove(activity);
  }

  count(): number {
    const limit = this.#clock.now() - ACTIVE_FOR;
    for (let { first } = this.#activities; first && first.at < limit; { first } = this.#activities)
      this.#activities.remove(first);
    return this.#activities.size;
  }

  /** At most this many, the most recently active first. */
  latest(count: number): C[] {
    const size = this.count();
    const activities = this.#activities.toArray().slice(Math.max(size - count, 0));
    return activities.toReversed().map(({ connection }) => connection);
  }
}
