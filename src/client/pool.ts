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
  /** Calls fail as soon as no server can be reached, not only when their time is over. */
  readonly failFast: boolean;
}

/** When every connection has this many requests in flight, or is slow, another one is opened. */
const GROW_AT = 8;

/** Milliseconds that a call which lost its connection waits for a connection of its own. */
const OWN_CONNECTION_WAIT_MS = 3000;

/** Milliseconds for which an answer proves that the worker is alive. */
const PROOF = 100;

/** Milliseconds for which other servers are preferred after a connection to this one was lost. */
const AVOIDED = 1000;

/** Milliseconds between two checks whether waiting calls may be sent now. */
const CHECK_PERIOD_MS = 100;

/** One server, and the state of connecting to it. */
interface Target {
  readonly address: Address;
  connections: number;
  /** Failed attempts in a row. */
  failures: number;
  retryAt: number;
  /** When a connection to it died unexpectedly. */
  lostAt: number;
}

/**
 * The connections of a client, opened as they are needed: the first call opens one, and another is opened when all are
 * busy. An unreachable server is not tried for a while, longer each time. Calls that find no room wait here in their
 * order. Calls that lost a connection go first, and one at a time on each connection, so that each is answered as soon
 * as it is sent: a call that waits here is safe, but one that waits at a worker dies with it. They use connections with
 * recent answers, since a hanging worker takes requests like any other, and another server if there is one.
 */
export class Pool implements CallQueue {
  readonly #options: PoolOptions;
  readonly #targets: readonly Target[];
  /** Connections that take calls. */
  readonly #connections = new Set<MsgpackConnection>();
  /** All open connections, closing ones included. */
  readonly #open = new Set<MsgpackConnection>();
  readonly #targetOf = new WeakMap<MsgpackConnection, Target>();
  readonly #waiting = new Set<Call>();
  /** Calls that lost a connection, and since when they wait. */
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

  /** Takes no further call. Resolves when all sent calls are answered or given up, and every connection is closed. */
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

  /** Time alone may change where a call goes: its wait ends, or a request becomes slow. */
  #lookAgain(): void {
    if (this.#look !== undefined || this.#closed || this.#lastChances.size + this.#waiting.size === 0) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      this.#serve();
    }, CHECK_PERIOD_MS).unref();
  }

  #serveLastChances(): void {
    for (const call of this.#lastChances.keys()) {
      const target = call.lostOn && this.#targetOf.get(call.lostOn);
      const isFit = (each: MsgpackConnection): boolean => each.usable && this.#isFitForLastChance(each);
      const connection =
        this.#choose((each) => isFit(each) && this.#targetOf.get(each) !== target) ?? this.#choose(isFit);
      if (!connection) return;
      if (connection.silentFor() > PROOF) {
        // It is usable again after its answer; another connection is tried meanwhile.
        connection.confirm();
        if (connection.usable) return;
        this.#serveLastChances();
        return;
      }
      this.#lastChances.delete(call);
      call.sendOn(connection);
    }
  }

  /**
   * Prefers a connection without other requests; after a while also one without slow requests, unless another can be
   * opened.
   */
  #isFitForLastChance({ inFlight, slow }: MsgpackConnection): boolean {
    if (inFlight === 0) return true;
    return !this.#hasPatience && (!slow || this.#connections.size >= this.#options.maxConnections);
  }

  /** Whether the first call that lost a connection may wait for a connection of its own; the others wait with it. */
  get #hasPatience(): boolean {
    for (const since of this.#lastChances.values()) return performance.now() - since < OWN_CONNECTION_WAIT_MS;
    return false;
  }

  #all(): readonly Call[] {
    return [...this.#lastChances.keys(), ...this.#waiting];
  }

  /** The connection with the fewest requests, preferably one without slow requests. */
  #choose(
    fits: (connection: MsgpackConnection) => boolean = ({ usable }) => usable,
  ): MsgpackConnection | undefined {
    let best: MsgpackConnection | undefined;
    for (const connection of this.#connections) {
      if (fits(connection) && (!best || isBetter(connection, best))) best = connection;
    }
    return best;
  }

  /** Opens a connection if one is wanted, one at a time, since one may be enough. */
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
        // The rest is for a connection that died, not for one that this client closes.
        if (this.#closed) return;
        if (!goAway) {
          target.lostAt = performance.now();
          // A dead worker loses all its connections, so calls that are sent again must not use another one of them.
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
 * The server with the fewest connections among those that may be tried now, preferably one that lost none recently;
 * otherwise the one that may be tried first.
 */
function bestOf(targets: readonly Target[], now: number): Target | undefined {
  const ready = targets.filter(({ retryAt }) => retryAt <= now);
  if (ready.length === 0) return targets.toSorted((a, b) => a.retryAt - b.retryAt)[0];
  const isAvoided = ({ lostAt }: Target): number => Number(now - lostAt < AVOIDED);
  return ready.toSorted((a, b) => isAvoided(a) - isAvoided(b) || a.connections - b.connections)[0];
}
