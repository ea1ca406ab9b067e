import { type Linked, LinkedList } from '../../linked-list.js';
import type { Clock } from '../clock.js';

/** A connection without a request for this long is no load, in milliseconds. */
export const ACTIVE_FOR = 10_000;

/** When a connection asked last. */
export interface Activity<C> extends Linked<Activity<C>> {
  readonly connection: C;
  at: number;
}

/**
 * The connections that asked something lately, in the order of their last requests:
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

  /** Of a connection that has asked nothing yet. */
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

  /** Up to this many, those first that asked last. */
  latest(count: number): C[] {
    const size = this.count();
    const activities = this.#activities.toArray().slice(Math.max(size - count, 0));
    return activities.toReversed().map(({ connection }) => connection);
  }
}
