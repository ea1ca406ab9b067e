import type { ConnectionHandle } from '../../wire/connection-handle.js';
import type { Handover } from '../../wire/ipc.js';
import { type Candidate, PROMPT } from './dispatch-policy.js';
import type { Listener } from '../listen/listeners.js';
import type { Connection } from './pending-connections.js';

/** What the dispatcher needs of a worker. */
export interface HandoverTarget {
  /** What it calls this listener; `undefined` where it does not know it. */
  nameOf(listener: Listener): string | undefined;
  hand(handover: Handover, handle: ConnectionHandle): void;
  revoke(ids: readonly number[]): void;
  /** It broke the rules of handing over, or does not answer: it must go. */
  kill(reason: string): void;
}

/** A connection sent to a worker that has not answered for it. */
interface Given {
  readonly connection: Connection;
  readonly since: number;
  revokedAt?: number;
}

/**
 * A worker's place at the dispatcher: its load, and the connections on their way to it. Each has an id that counts
 * up, and is the worker's from `accepted` on. Until the worker has answered, no other worker may get it.
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

  /** No further connection: the worker drains or is dead. The id of the last that it was sent. */
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

  /** The worker has answered for this id, one way or the other; `undefined` when there was nothing to answer. */
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
   * Ids are acknowledged in order: one passed over was lost on its way. It is revoked all the same, since only the
   * worker's word rules out that the handle still arrives.
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

  /** Its loop is busy, or stands still: whatever else it were given would only wait there. */
  get #isBehind(): boolean {
    for (const { since } of this.#given.values()) return this.#now() - since > PROMPT;
    return false;
  }

  #revoke(isDue: (given: Given, id: number) => boolean): void {
    const ids: number[] = [];
    for (const [id, given] of this.#given) {
      // Both conditions hold for a run at the front.
      if (!isDue(given, id)) break;
      if (given.revokedAt !== undefined) continue;
      given.revokedAt = this.#now();
      ids.push(id);
    }
    this.#revoking += ids.length;
    if (ids.length > 0) this.target.revoke(ids);
  }
}
