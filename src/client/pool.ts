import type { Address } from '../config/address.js';
import type { PkixdError } from '../errors.js';
import type { Call, CallQueue } from './call.js';
import { pauseAfter } from './backoff.js';
import { BusyError, ClosedError } from './errors.js';
import type { MsgpackConnection } from './msgpack-connection.js';
import { openConnection, type OpenOptions } from './open-connection.js';
import { ConnectError } from './socket.js';

export interface PoolOptions extends OpenOptions {
  readonly servers: readonly Address[];
  /** The most connections at once, over all servers. */
  readonly maxConnections: number;
  /** Calls fail as soon as no server could be reached, and not only when their time is over. */
  readonly failFast: boolean;
}

/** Requests in flight on every connection at which another one is opened; so it is where all of them are slow. */
const GROW_AT = 8;

/** Milliseconds that a call which lost a connection waits for one on which it is alone. */
const PATIENCE = 3000;

/** Milliseconds for which an answer proves that the worker behind a connection lives. */
const PROOF = 100;

/** Milliseconds for which a server that lost a connection is the last to be connected to. */
const AVOIDED = 1000;

/** How often it is looked, in milliseconds, whether what waits may go another way by now. */
const LOOK = 100;

/** One server, as far as connecting to it goes. */
interface Target {
  readonly address: Address;
  connections: number;
  /** In a row. */
  failures: number;
  retryAt: number;
  /** When a connection to it died without a word. */
  lostAt: number;
}

/**
 * The connections of a client, opened as they are needed: the first call opens one, and another is opened when all are
 * busy. A server that cannot be reached is left alone for a while, longer each time. Calls that find no room wait here
 * in their order. Those that lost a connection go first, and one by one on each connection, so that each is answered
 * as soon as it is sent: what waits here is safe, and what waits at a worker dies with it. They go where something was
 * heard just now, for a worker that hangs takes requests as well as any other, and to another server if there is one.
 */
export class Pool implements CallQueue {
  readonly #options: PoolOptions;
  readonly #targets: readonly Target[];
  /** Those that take calls. */
  readonly #connections = new Set<MsgpackConnection>();
  /** Those that are open, on their way out or not. */
  readonly #open = new Set<MsgpackConnection>();
  readonly #targetOf = new WeakMap<MsgpackConnection, Target>();
  readonly #waiting = new Set<Call>();
  /** Those that lost a connection, and since when they wait. */
  readonly #lastChances = new Map<Call, number>();
  #opening = 0;
  #retry: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #trouble: PkixdError | undefined;
  #onAllClosed: (() => void) | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#targets = options.servers.map((address) => ({
      address,
      connections: 0,
      failures: 0,
      retryAt: 0,
      lostAt: -Infinity,
    }));
  }

  get trouble(): PkixdError | undefined {
    return this.#trouble;
  }

  submit(call: Call): void {
    if (this.#closed) {
      call.fail(new ClosedError());
      return;
    }
    if (call.isLastChance) this.#lastChances.set(call, performance.now());
    else this.#waiting.add(call);
    this.#serve();
  }

  withdraw(call: Call): void {
    this.#waiting.delete(call);
    this.#lastChances.delete(call);
  }

  /** Takes no further call. Resolves when what was sent is answered, or given up, and every connection is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#look);
    for (const call of this.#all()) call.fail(new ClosedError());
    for (const connection of this.#open) connection.close();
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onAllClosed = resolve;
    });
  }

  #serve(): void {
    this.#serveLastChances();
    if (!this.#hasPatience) {
      for (const call of this.#waiting) {
        const connection = this.#choose();
        if (!connection) break;
        this.#waiting.delete(call);
        call.sendOn(connection);
      }
    }
    this.#grow();
    this.#lookAgain();
  }

  /** Time alone may change where a call goes: patience ends, a request becomes slow. */
  #lookAgain(): void {
    if (this.#look !== undefined || this.#closed || this.#lastChances.size + this.#waiting.size === 0) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      this.#serve();
    }, LOOK).unref();
  }

  #serveLastChances(): void {
    for (const call of this.#lastChances.keys()) {
      const target = call.lostOn && this.#targetOf.get(call.lostOn);
      const isFit = (each: MsgpackConnection): boolean => each.usable && this.#isFitForLastChance(each);
      const connection =
        this.#choose((each) => isFit(each) && this.#targetOf.get(each) !== target) ?? this.#choose(isFit);
      if (!connection) return;
      if (connection.silentFor() > PROOF) {
        // Its answer is room for this call; meanwhile it is not usable, and another one is looked at.
        connection.confirm();
        if (connection.usable) return;
        this.#serveLastChances();
        return;
      }
      this.#lastChances.delete(call);
      call.sendOn(connection);
    }
  }

  /** Where nothing else waits; after a while also where nothing waits for long, if such a one could still be opened. */
  #isFitForLastChance({ inFlight, slow }: MsgpackConnection): boolean {
    if (inFlight === 0) return true;
    return !this.#hasPatience && (!slow || this.#connections.size >= this.#options.maxConnections);
  }

  /** Whether the first of the last chances may wait for a connection of its own, and all others with it. */
  get #hasPatience(): boolean {
    for (const since of this.#lastChances.values()) return performance.now() - since < PATIENCE;
    return false;
  }

  #all(): readonly Call[] {
    return [...this.#lastChances.keys(), ...this.#waiting];
  }

  /** The one with the least to do, of those that answer without delay if there is any. */
  #choose(
    fits: (connection: MsgpackConnection) => boolean = ({ usable }) => usable,
  ): MsgpackConnection | undefined {
    let best: MsgpackConnection | undefined;
    for (const connection of this.#connections) {
      if (fits(connection) && (!best || isBetter(connection, best))) best = connection;
    }
    return best;
  }

  /** Opens a connection where one is wanted, one at a time: its room may be enough. */
  #grow(): void {
    if (this.#closed || this.#opening > 0 || this.#connections.size >= this.#options.maxConnections) return;
    const best = this.#choose();
    if (best ? best.inFlight < GROW_AT && !best.slow : this.#waiting.size + this.#lastChances.size === 0)
      return;
    const now = performance.now();
    const target = bestOf(this.#targets, now);
    if (target && target.retryAt <= now) void this.#connect(target);
    else if (target) {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#grow(), target.retryAt - now).unref();
    }
  }

  async #connect(target: Target): Promise<void> {
    this.#opening++;
    target.connections++;
    try {
      this.#adopt(target, await openConnection(target.address, this.#options, this.#listener(target)));
    } catch (error) {
      target.connections--;
      this.#failed(target, error);
    }
    this.#opening--;
    this.#serve();
  }

  #listener(target: Target): Parameters<typeof openConnection>[2] {
    return {
      onRoom: () => this.#serve(),
      onGone: (connection, _why, goAway) => {
        this.#connections.delete(connection);
        // What follows is about a connection that died, not about one that this client closes.
        if (this.#closed) return;
        if (!goAway) {
          target.lostAt = performance.now();
          // A worker takes all its connections along, and what is sent again must not go to the next of them.
          for (const sibling of this.#connections) sibling.confirm();
        }
        this.#grow();
      },
      onClosed: (connection) => {
        target.connections--;
        this.#open.delete(connection);
        if (this.#open.size === 0) this.#onAllClosed?.();
      },
    };
  }

  #adopt(target: Target, connection: MsgpackConnection): void {
    target.failures = 0;
    this.#trouble = undefined;
    this.#open.add(connection);
    this.#targetOf.set(connection, target);
    if (this.#closed) connection.close();
    else if (!connection.gone) this.#connections.add(connection);
  }

  #failed(target: Target, error: unknown): void {
    if (!(error instanceof ConnectError || error instanceof BusyError)) throw error;
    const retryAfter = error instanceof BusyError ? error.retryAfter : undefined;
    target.failures++;
    target.retryAt = performance.now() + pauseAfter(target.failures, retryAfter, Math.random());
    this.#trouble = error;
    if (!this.#options.failFast || this.#connections.size > 0) return;
    if (this.#targets.every(({ failures }) => failures > 0)) for (const call of this.#all()) call.fail(error);
  }
}

function isBetter(a: MsgpackConnection, b: MsgpackConnection): boolean {
  return a.slow === b.slow ? a.inFlight < b.inFlight : b.slow;
}

/**
 * Of those that may be tried now the one with the fewest connections, rather one that lost none lately; else the one
 * that may be tried first.
 */
function bestOf(targets: readonly Target[], now: number): Target | undefined {
  const ready = targets.filter(({ retryAt }) => retryAt <= now);
  if (ready.length === 0) return targets.toSorted((a, b) => a.retryAt - b.retryAt)[0];
  const isAvoided = ({ lostAt }: Target): number => Number(now - lostAt < AVOIDED);
  return ready.toSorted((a, b) => isAvoided(a) - isAvoided(b) || a.connections - b.connections)[0];
}
