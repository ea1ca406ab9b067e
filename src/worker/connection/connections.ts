import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Linked, LinkedList } from '../../linked-list.js';
import type { Logger } from '../../log.js';
import { type ConnectionHandle, isConnectionHandle, socketOn } from '../../wire/connection-handle.js';
import type { Handover, TlsMaterial } from '../../wire/ipc.js';
import type { Protocol, RequestLimits, SessionOptions } from '../../wire/protocol.js';
import { ActiveConnections } from './active-connections.js';
import { isCount, isRecord } from '../check-to-worker.js';
import { clientName } from './client-name.js';
import { ClientChecks } from './client-checks.js';
import { ConnectionAges } from './connection-ages.js';
import { Connection, type ConnectionHost } from './connection.js';
import { dump } from './dump.js';
import { HandoverLedger } from './handover-ledger.js';
import type { SupervisorLink } from '../supervisor-link.js';
import { TlsHandshakes, type TlsOptions } from './tls-handshakes.js';

/** The protocol of a listener, and what it permits. */
export interface ListenerView {
  readonly protocol: Protocol;
  readonly permits: ReadonlySet<string>;
  /** Its connections need a TLS handshake first. */
  readonly secure: boolean;
  /** The engine verifies their clients' certificates. */
  readonly checksClients: boolean;
}

export interface ConnectionsOptions {
  readonly listeners: ReadonlyMap<string, ListenerView>;
  readonly limits: RequestLimits;
  /** Open connections from which on new ones are given back to the primary. */
  readonly max: number;
  /** Milliseconds to wait for handles that the primary has sent but that have not arrived. */
  readonly handoverTimeout: number;
  /** The maximum age of a connection in milliseconds; 0: unlimited. */
  readonly maxAge: number;
  readonly tls: TlsOptions;
}

/** What a connection needs from the worker rather than from this class. */
export type WorkersPart = Omit<
  ConnectionHost,
  'protocol' | 'origin' | 'client' | 'onRequest' | 'onLeaving' | 'onClosed'
>;

/** An entry of the list of open connections. */
interface Member extends Linked<Member> {
  readonly connection: Connection;
}

/** The part of the drain timeout after which incomplete requests are given up. */
const READING_SHARE = 0.8;

/** All connections of this worker: takes them over from the primary, and closes them when it drains. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #host: WorkersPart;
  readonly #link: SupervisorLink;
  readonly #log: Logger;
  readonly #sessionOptionsOf = new Map<ListenerView, SessionOptions>();
  readonly #ledger = new HandoverLedger();
  readonly #members = new LinkedList<Member>();
  readonly #active: ActiveConnections<Connection>;
  readonly #ages: ConnectionAges<Connection>;
  readonly #handshakes: TlsHandshakes;
  readonly #clientChecks: ClientChecks;
  #draining = false;
  /** Called after each change that a drain may be waiting for. */
  #onChange: (() => void) | undefined;

  constructor(options: ConnectionsOptions, host: WorkersPart, link: SupervisorLink) {
    this.#options = options;
    this.#host = host;
    this.#link = link;
    this.#log = host.log;
    this.#active = new ActiveConnections(host.clock);
    this.#ages = new ConnectionAges(options.maxAge, host.clock, (connection) =>
      connection.leave('rebalance'),
    );
    const onChange = (): void => this.#onChange?.();
    this.#handshakes = new TlsHandshakes(options.tls, host.clock, host.log, onChange);
    this.#clientChecks = new ClientChecks(host, options.tls.timeout, onChange);
  }

  /** Connections with a recent request. */
  get active(): number {
    return this.#active.count();
  }

  /** TLS handshakes and checks of clients under way, and those that failed since the start. */
  get handshakes(): { readonly open: number; readonly failed: number } {
    return {
      open: this.#handshakes.size + this.#clientChecks.size,
      failed: this.#handshakes.failures + this.#clientChecks.refused,
    };
  }

  /** Writes the state of every connection to the log. */
  dump(log: Logger): void {
    void dump(this.#open(), log);
  }

  configureTls(materials: readonly TlsMaterial[], ticketKeys: Uint8Array): void {
    this.#handshakes.configure(materials, ticketKeys);
  }

  /** A message of Node's own IPC channel, with its handle, if there is one. */
  take(message: unknown, sent: unknown): void {
    const handle = isConnectionHandle(sent) ? sent : undefined;
    if (!isHandover(message)) {
      this.#log.warn('an unknown message on the channel of handles is ignored');
      handle?.close();
      return;
    }
    const { lost, wanted } = this.#ledger.arrive(message.id);
    for (const id of lost) this.#refuse(id, 'its handle was lost');
    if (wanted) this.#decide(message, handle);
    else handle?.close();
    this.#onChange?.();
  }

  revoke(ids: readonly number[]): void {
    this.#link.confirmRevoked(this.#ledger.revoke(ids));
    this.#onChange?.();
  }

  /** Sends this many recently active clients to other workers; silent ones are no load. */
  shed(count: number): void {
    const chosen = this.#active.latest(count);
    this.#log.verbose('clients are sent to other workers', { asked: count, connections: chosen.length });
    for (const connection of chosen) connection.leave('rebalance');
  }

  /**
   * Resolves when every connection up to `lastId` is closed, after its requests were answered; or after `timeout`
   * milliseconds in all, even if some are left.
   */
  async drain(lastId: number, timeout: number): Promise<{ readonly cutOff: number }> {
    this.#draining = true;
    const { clock } = this.#host;
    const began = clock.now();
    const handlesSettled = (): boolean => this.#ledger.isSettled(lastId);
    await this.#until(handlesSettled, Math.min(this.#options.handoverTimeout, timeout / 2));
    for (const connection of this.#open()) connection.wake();
    // Two turns of the loop, so that input of idle connections in the kernel is read and answered.
    await nextTurn();
    await nextTurn();
    for (const connection of this.#open()) connection.leave('drain');
    const left = timeout - (clock.now() - began);
    const stopReading = clock.after(left * READING_SHARE, () => {
      this.#handshakes.cutOff();
      this.#clientChecks.cutOff();
      for (const connection of this.#open()) connection.stopReading();
    });
    await this.#until(() => this.#size === 0, left);
    stopReading();
    const cutOff = this.#size;
    this.#handshakes.cutOff();
    this.#clientChecks.cutOff();
    for (const connection of this.#open()) connection.destroy();
    return { cutOff };
  }

  #decide({ id, listener }: Handover, handle: ConnectionHandle | undefined): void {
    const view = this.#options.listeners.get(listener);
    if (!handle) this.#refuse(id, 'its handle was lost');
    else if (!view) this.#refuse(id, `no listener is called "${listener}"`, handle);
    else if (this.#draining) this.#refuse(id, 'the worker is draining', handle);
    else if (this.#size >= this.#options.max) this.#refuse(id, 'the worker is full', handle);
    else this.#accept(id, listener, view, socketOn(handle));
  }

  /**
   * The acknowledgement is sent at the end of this turn, and nothing is read before `start`: so a connection that was
   * read from always belongs to the worker.
   */
  #accept(id: number, listener: string, view: ListenerView, socket: Socket): void {
    socket.setNoDelay(true);
    if (view.secure) {
      this.#link.accept(id, () => {
        this.#secure(listener, view, socket);
      });
      return;
    }
    const connection = this.#connect(listener, view, socket);
    this.#link.accept(id, () => {
      connection.start();
    });
  }

  #secure(listener: string, view: ListenerView, socket: Socket): void {
    const begun = this.#handshakes.begin(socket, listener, (stream) => {
      const start = (): void => {
        const connection = this.#connect(listener, view, stream);
        connection.start();
        if (this.#draining) connection.leave('drain');
      };
      if (!view.checksClients) start();
      else {
        const name = clientName(stream.remoteAddress, listener);
        this.#clientChecks.check(stream, { listener, name, peer: peerOf(stream) }, start);
      }
    });
    if (!begun) socket.destroy();
    this.#onChange?.();
  }

  #connect(listener: string, view: ListenerView, stream: Socket | TLSSocket): Connection {
    const { limits, deadlines, rests, counters, held, log, clock, latencies } = this.#host;
    const { flows, admission, requestStatus, loadChanged } = this.#host;
    const session = view.protocol.open(this.#sessionOptions(view));
    const forget = (): void => {
      this.#active.forget(activity);
      this.#ages.forget(age);
    };
    // Property by property: spreading the host for every connection would cost more than all the rest.
    const connection = new Connection(stream, session, {
      limits,
      deadlines,
      rests,
      counters,
      held,
      log,
      clock,
      latencies,
      flows,
      admission,
      requestStatus,
      loadChanged,
      protocol: view.protocol.name,
      origin: () => ({ listener, peer: peerOf(stream) }),
      client: () => clientName(stream.remoteAddress, listener),
      onRequest: () => {
        this.#active.touch(activity);
      },
      onLeaving: forget,
      onClosed: () => {
        this.#members.remove(member);
        forget();
        this.#onChange?.();
      },
    });
    const member: Member = { connection, previous: undefined, next: undefined };
    this.#members.append(member);
    const activity = this.#active.of(connection);
    const age = this.#ages.watch(connection);
    this.#host.loadChanged();
    return connection;
  }

  /** One object for all connections of a listener, since protocols cache what they derive from it. */
  #sessionOptions(view: ListenerView): SessionOptions {
    const known = this.#sessionOptionsOf.get(view);
    if (known) return known;
    const { maxInFlight } = this.#host.limits;
    const options = { limits: this.#options.limits, maxInFlight, permits: view.permits };
    this.#sessionOptionsOf.set(view, options);
    return options;
  }

  get #size(): number {
    return this.#members.size + this.#handshakes.size + this.#clientChecks.size;
  }

  #open(): Connection[] {
    return this.#members.toArray().map(({ connection }) => connection);
  }

  #refuse(id: number, why: string, handle?: ConnectionHandle): void {
    this.#log.debug('a connection is passed back', { id, why });
    // This closes only this process's copy of the handle; the primary has its own.
    handle?.close();
    this.#link.refuse(id);
  }

  async #until(condition: () => boolean, timeout: number): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#host.clock.after(timeout, resolve);
      this.#onChange = () => {
        if (!condition()) return;
        cancel();
        resolve();
      };
    });
    this.#onChange = undefined;
  }
}

/** The peer of a UNIX socket has no address. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? 'local' : `${remoteAddress} ${remotePort}`;
}

function isHandover(message: unknown): message is Handover {
  return (
    isRecord(message) &&
    message['type'] === 'connection' &&
    isCount(message['id']) &&
    typeof message['listener'] === 'string'
  );
}

async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
