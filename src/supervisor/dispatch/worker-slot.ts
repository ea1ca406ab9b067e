import type { ConnectionHandle } from '../../wire/connection-handle.js';
import type { Handover } from '../../wire/ipc.js';
import { type Candidate, PROMPT_MS } from './dispatch-policy.js';
import type { Listener } from '../listen/listeners.js';
import type { Connection } from './pending-connections.js';

/** What the dispatcher needs of a worker. */
export interface HandoverTarget {
  /** The name that the worker knows this listener by; `undefined` if its configuration lacks it. */
  nameOf(listener: Listener): string | undefined;
  hand(handover: Handover, handle: ConnectionHandle): void;
  revoke(ids: readonly number[]): void;
  /** Ends a worker that broke the hand-over protocol or does not answer. */
  kill(reason: string): void;
}

/** A connection sent to a worker that has not answered for it. */
interface Given {
  readonly connection: Connection;
  readonly since: number;
  revokedAt?: number;
}

/**
 * The dispatcher's record of a worker: its load, and the connections on their way to it. Each connection has an
 * increasing id and belongs to the worker once it is acknowledged. Until the worker has answered, no other worker may
 * get it.
 */
export class WorkerSlot implements Candidate {
  readonly target: HandoverTarget;
  readonly #now: () => number;
  /** By id, which is also the order of sending. */
  readonly #given = new Map<number, Given>();
  #lastId = 0;
  #revoking = 0;
  #restUntil = 0;
  #open = true;
  inFlight = 0;
  connections = 0;
  lastUse = 0;

  constructor(target: HandoverTarget, now: () => number) {
    this.target = target;
    this.#now = now;
  }

  get unacknowledged(): number {
    return this.#given.size;
  }

  get resting(): boolean {
    return !this.#open || this.#revoking > 0 || this.#now() < this.#restUntil || this.#isBehind;
  }

  rest(duration: number): void {
    this.#restUntil = this.#now() + duration;
  }

  /** The worker drains or is dead and gets no further connection. Returns the id of the last one that it was sent. */
  shut(): number {
    this.#open = false;
    return this.#lastId;
  }

  give(connection: Connection): void {
    this.#lastId += 1;
    this.#given.set(this.#lastId, { connection, since: this.#now() });
    const handover: Handover = {
      type: 'connection',
      id: this.#lastId,
      listener: this.target.nameOf(connection.listener) ?? connection.listener.config.name,
    };
    this.target.hand(handover, connection.handle);
  }

  /** Removes and returns the connection that the worker has answered for; `undefined` for an unknown id. */
  take(id: number): Connection | undefined {
    const given = this.#given.get(id);
    if (given === undefined) return undefined;
    this.#given.delete(id);
    if (given.revokedAt !== undefined) this.#revoking -= 1;
    given.connection.deadline += this.#now() - given.since;
    return given.connection;
  }

  takeAll(): Connection[] {
    return [...this.#given.keys()].flatMap((id) => this.take(id) ?? []);
  }

  /**
   * Ids are acknowledged in order, so a skipped one was lost on its way. It is revoked nevertheless: only the worker's
   * answer rules out that the handle still arrives.
   */
  revokeBefore(id: number): void {
    this.#revoke((_, givenId) => givenId < id);
  }

  revokeOlderThan(age: number): void {
    const limit = this.#now() - age;
    this.#revoke(({ since }) => since <= limit);
  }

  /** Whether a revocation has gone unanswered for this long. */
  isSilent(age: number): boolean {
    if (this.#revoking === 0) return false;
    const limit = this.#now() - age;
    for (const { revokedAt } of this.#given.values()) {
      if (revokedAt !== undefined && revokedAt <= limit) return true;
    }
    return false;
  }

  /** Its event loop is busy or blocked: further connections would only wait there. */
  get #isBehind(): boolean {
    for (const { since } of this.#given.values()) return this.#now() - since > PROMPT_MS;
    return false;
  }

  #revoke(isDue: (given: Given, id: number) => boolean): void {
    const ids: number[] = [];
    for (const [id, given] of this.#given) {
      // Connections are in the order of their ids, so those that qualify come first.
      if (!isDue(given, id)) break;
      if (given.revokedAt !== undefined) continue;
      given.revokedAt = this.#now();
      ids.push(id);
    }
    this.#revoking += ids.length;
    if (ids.length > 0) this.target.revoke(ids);
  }
}
