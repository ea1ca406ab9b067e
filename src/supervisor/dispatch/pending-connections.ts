import type { ConnectionHandle } from '../../wire/connection-handle.js';
import type { Listener } from '../listen/listeners.js';

/** An accepted connection that no worker has acknowledged yet. */
export interface Connection {
  readonly handle: ConnectionHandle;
  readonly listener: Listener;
  /** When its wait here is over, on the dispatcher's clock; time that it spent with a worker is added. */
  deadline: number;
}

/**
 * Connections that wait for a worker, in the order of their arrival. Those that came back from a worker have waited
 * already and go first. Only the number of new ones is bounded.
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

  /** Returns false if `max` new connections wait already. */
  add(connection: Connection, max: number): boolean {
    if (this.#fresh.size >= max) return false;
    this.#fresh.add(connection);
    return true;
  }

  giveBack(connection: Connection): void {
    this.#returned.add(connection);
  }

  /** Removes and returns the next connection whose listener is served by a worker. */
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

  /** Removes and returns the connections whose wait is over. */
  expired(now: number): Connection[] {
    const late: Connection[] = [];
    for (const connection of this.#returned) if (connection.deadline <= now) late.push(connection);
    for (const connection of this.#fresh) {
      // They are in the order of their deadlines, since all wait equally long.
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
