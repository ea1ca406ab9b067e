import type { ConnectionHandle } from '../../wire/connection-handle.js';
import { choose, REFUSAL_PAUSE_MS, REVOCATION_PAUSE_MS } from './dispatch-policy.js';
import type { Listener } from '../listen/listeners.js';
import { type Connection, PendingConnections } from './pending-connections.js';
import { type HandoverTarget, WorkerSlot } from './worker-slot.js';

/** Why a client is refused: the limit that was reached, or the stop of the server. */
export type Refusal = 'pending.max' | 'pending.maxWait' | 'descriptors' | 'stopping';

export interface DispatcherOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** The limits of the present configuration. */
  readonly limits: () => DispatchLimits;
  /** Answers BUSY and closes. */
  readonly refuse: (handle: ConnectionHandle, listener: Listener, why: Refusal) => void;
}

interface DispatchLimits {
  readonly maxPending: number;
  /** How long a connection may wait for a worker, in milliseconds. */
  readonly maxWait: number;
  /** Milliseconds after which an unacknowledged connection is revoked. */
  readonly handoverTimeout: number;
  /** Milliseconds that a worker may take to answer a revocation. */
  readonly patience: number;
}

/**
 * Gives each accepted connection to one worker, and to another one if the first gives it back, loses it or dies:
 *
 *     accept ──▶ pending ──▶ given to a worker ──accepted──▶ our copy is closed
 *                 │   ▲            │
 *            BUSY ◀   └── refused, revoked, dead
 *
 * At no time does a connection belong to two workers.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #slots = new Map<HandoverTarget, WorkerSlot>();
  readonly #pending = new PendingConnections();
  #uses = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending.size;
  }

  accept(handle: ConnectionHandle, listener: Listener): void {
    const connection = { handle, listener, deadline: this.#options.now() + this.#options.limits().maxWait };
    const slot = this.#closed || this.#pending.size > 0 ? undefined : this.#slotFor(listener);
    if (slot) this.#give(connection, slot);
    else if (this.#closed) this.#refuse(connection, 'stopping');
    else if (!this.#pending.add(connection, this.#options.limits().maxPending))
      this.#refuse(connection, 'pending.max');
    this.#watch();
  }

  /** The worker is ready to take connections. */
  admit(target: HandoverTarget): void {
    this.#slots.set(target, new WorkerSlot(target, this.#options.now));
    this.#serve();
  }

  /** The worker gets no further connection. Returns the id of the last connection that it was sent. */
  exclude(target: HandoverTarget): number {
    return this.#slots.get(target)?.shut() ?? 0;
  }

  /** The worker is dead and all its messages were read: connections that it did not acknowledge go to others. */
  remove(target: HandoverTarget): void {
    const slot = this.#slots.get(target);
    this.#slots.delete(target);
    for (const connection of slot?.takeAll() ?? []) this.#giveBack(connection);
    this.#serve();
  }

  report(target: HandoverTarget, load: { readonly inFlight: number; readonly connections: number }): void {
    const slot = this.#slots.get(target);
    if (!slot) return;
    slot.inFlight = load.inFlight;
    slot.connections = load.connections;
    this.#serve();
  }

  accepted(target: HandoverTarget, ids: readonly number[]): void {
    const slot = this.#slots.get(target);
    if (!slot) return;
    for (const id of ids) {
      const connection = slot.take(id);
      if (!connection) {
        target.kill(`it acknowledged connection ${id}, which it does not hold`);
        return;
      }
      connection.handle.close();
      slot.connections += 1;
    }
    slot.revokeBefore(Math.max(...ids));
    this.#serve();
  }

  /** The worker gave these back unread. An unknown id was already answered. */
  refused(target: HandoverTarget, ids: readonly number[]): void {
    this.#returned(target, ids, REFUSAL_PAUSE_MS);
  }

  /** The worker never received these, or will not use them. It is behind, so it gets no connection for longer. */
  revoked(target: HandoverTarget, ids: readonly number[]): void {
    this.#returned(target, ids, REVOCATION_PAUSE_MS);
  }

  /** From now on, waiting and returned connections are refused. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#pending.takeAll()) this.#refuse(connection, 'stopping');
  }

  #returned(target: HandoverTarget, ids: readonly number[], rest: number): void {
    const slot = this.#slots.get(target);
    if (!slot) return;
    slot.rest(rest);
    for (const id of ids) {
      const connection = slot.take(id);
      if (connection) this.#giveBack(connection);
    }
    this.#serve();
  }

  #give(connection: Connection, slot: WorkerSlot): void {
    this.#uses += 1;
    slot.lastUse = this.#uses;
    slot.give(connection);
  }

  /** The best worker among those that have this listener in their configuration. */
  #slotFor(listener: Listener): WorkerSlot | undefined {
    const slots = [...this.#slots.values()];
    return choose(slots.filter(({ target }) => target.nameOf(listener) !== undefined));
  }

  #giveBack(connection: Connection): void {
    if (this.#closed) this.#refuse(connection, 'stopping');
    else this.#pending.giveBack(connection);
  }

  #refuse({ handle, listener }: Connection, why: Refusal): void {
    this.#options.refuse(handle, listener, why);
  }

  /** Hands out waiting connections while a worker can take them. */
  #serve(): void {
    while (this.#pending.size > 0 && choose(this.#slots.values())) {
      const connection = this.#pending.next((listener) => this.#slotFor(listener) !== undefined);
      const slot = connection && this.#slotFor(connection.listener);
      if (!slot) break;
      this.#give(connection, slot);
    }
    this.#watch();
  }

  /** Starts the timer if a deadline is pending. */
  #watch(): void {
    if (this.#timer !== undefined || !this.#hasOpenEnds()) return;
    const { handoverTimeout, maxWait } = this.#options.limits();
    const period = Math.min(Math.max(Math.min(handoverTimeout, maxWait) / 4, 5), REFUSAL_PAUSE_MS);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#review();
      this.#serve();
    }, period);
  }

  #hasOpenEnds(): boolean {
    if (this.#pending.size > 0) return true;
    for (const slot of this.#slots.values()) if (slot.unacknowledged > 0) return true;
    return false;
  }

  #review(): void {
    const { now, limits } = this.#options;
    const { handoverTimeout, patience } = limits();
    for (const connection of this.#pending.expired(now())) this.#refuse(connection, 'pending.maxWait');
    for (const slot of this.#slots.values()) {
      slot.revokeOlderThan(handoverTimeout);
      if (slot.isSilent(patience)) slot.target.kill('it does not answer for connections asked back');
    }
  }
}
