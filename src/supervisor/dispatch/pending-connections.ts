import type { ConnectionHandle } from '../../wire/connection-handle.js';
import type { Listener } from '../listen/listeners.js';

/** An accepted connection that no worker has acknowledged yet. */
export interface Connection {
  readonly handle: ConnectionHandle;
  readonly listener: Listener;
  /** When it has waited here for too long; time spent with a worker is added. On the dispatcher's clock. */
  deadline: number;
}

/**
 * Connections that wait for a worker, first come first served. Those that a worker gave back or took to its grave
 * have waited already and go first; only new ones are bounded.
 *
 *     next() ◀── returned ── ◀ worker died, refused, revoked
 *            ◀── fresh ───── ◀ accepted            (at most `max`)
 */
export class PendingConnections {
  readonly #returned = new Set<Connection>();
  readonly #fresh = new Set<Connection>();

  get size(): number {
    return this.#returned.size + this.#fresh.size;
  }

  /** Whether there was room, for `max` new ones. */
  add(connection: Connection, max: number): boolean {
    if (this.#fresh.size >= max) return false;
    this.#fresh.add(connection);
    return true;
  }

  giveBack(connection: Connection): void {
    this.#returned.add(connection);
  }

  /** Takes out the connection whose turn it is, of those whose listener is served. */
  next(isServed: (listener: Listener) => boolean): Connection | undefined {
    for (const queue of [this.#returned, this.#fresh]) {
      for (const connection of queue) {
        if (!isServed(connection.listener)) continue;
        queue.delete(connection);
        return connection;
      }
    }
    return undefined;
  }

  takeAll(): Connection[] {
    const all = [...this.#returned, ...this.#fresh];
    this.#returned.clear();
    this.#fresh.clear();
    return all;
  }

  /** Takes out those that have waited for too long. */
  expired(now: number): Connection[] {
    const late: Connection[] = [];
    for (const connection of this.#returned) if (connection.deadline <= now) late.push(connection);
    for (const connection of this.#fresh) {
      // In the order of their deadlines: all have the same patience.
      if (connection.deadline > now) break;
      late.push(connection);
    }
    for (const connection of late) {
      this.#returned.delete(connection);
      this.#fresh.delete(connection);
    }
    return late;
  }
}
