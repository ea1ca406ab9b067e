import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Logger } from '../../log.js';
import type { TlsMaterial } from '../../wire/ipc.js';
import { awaitHello } from './client-hello.js';
import { RepeatedWarnings } from '../../repeated-warnings.js';
import type { Clock } from '../clock.js';
import { Deadlines, type Watch } from './deadlines.js';
import { type TlsSessions, tlsSessionsOf } from './tls-sessions.js';

export interface TlsOptions {
  /** Milliseconds from the connection's arrival to its complete ClientHello. */
  readonly helloTimeout: number;
  /** Milliseconds from then until it is secure. */
  readonly timeout: number;
  /** ClientHellos answered in one turn of the loop; each takes most of a millisecond, so the others wait. */
  readonly max: number;
}

/** The TLS server of one listener. */
interface TlsListener {
  readonly server: Server;
  readonly sessions: TlsSessions;
}

/** One connection during its handshake. */
interface Handshake {
  readonly raw: Socket;
  /** See `keyOf`. */
  readonly key: string;
  readonly server: Server;
  readonly listener: string;
  readonly onSecure: (stream: TLSSocket) => void;
  state: 'silent' | 'waiting' | 'running' | 'answered' | 'over';
  watch: Watch<Handshake, HandshakeDeadline> | undefined;
}

type HandshakeDeadline = 'hello' | 'handshake';

/** Milliseconds. Our own deadline comes first; this only keeps Node's default from being shorter. */
const NODE_TIMEOUT = 2 ** 31 - 1;

/**
 * Makes the TLS handshake of raw connections. Silent clients take no place from others: a place is held only from the
 * complete ClientHello until it is answered, and each step has a deadline.
 *
 *     begin ──▶ silent ──hello──▶ waiting (FIFO) ──▶ running (at most `max`) ──▶ answered ──secure──▶ onSecure
 *                  └─────────────────┴────────────────────┴──────────────────────────┴── failed, late, closed
 *                                                                                         ──▶ destroyed and counted
 */
export class TlsHandshakes {
  readonly #options: TlsOptions;
  readonly #log: Logger;
  readonly #warnings: RepeatedWarnings;
  readonly #onChange: () => void;
  readonly #listeners = new Map<string, TlsListener>();
  readonly #deadlines: Deadlines<Handshake, HandshakeDeadline>;
  readonly #open = new Map<string, Handshake>();
  #waiting: Handshake[] = [];
  #running = 0;
  #failures = 0;

  /** @param onChange called when a handshake is over */
  constructor(options: TlsOptions, clock: Clock, log: Logger, onChange: () => void) {
    this.#options = options;
    this.#log = log;
    this.#warnings = new RepeatedWarnings(log);
    this.#onChange = onChange;
    const { helloTimeout: hello, timeout: handshake } = options;
    this.#deadlines = new Deadlines({ hello, handshake }, clock, (late, kind) => {
      const why =
        kind === 'hello'
          ? `no ClientHello came within ${hello} ms`
          : `the handshake took longer than ${handshake} ms`;
      this.#fail(late, why);
    });
  }

  /** Handshakes that are not over, waiting ones included. */
  get size(): number {
    return this.#open.size;
  }

  /** Failed since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** Sets certificates, keys and client options of each listener; throws OpenSSL's errors. */
  configure(materials: readonly TlsMaterial[], ticketKeys: Uint8Array): void {
    for (const material of materials) {
      if (this.#listeners.has(material.listener)) continue;
      const sessions = tlsSessionsOf(material);
      this.#listeners.set(material.listener, { server: this.#serve(material, sessions), sessions });
    }
    // Rotated by the primary, the same in every worker.
    for (const { server, sessions } of this.#listeners.values())
      server.setTicketKeys(sessions.ticketKeys(ticketKeys));
  }

  /** `false` if the listener's certificate is not known. */
  begin(raw: Socket, listener: string, onSecure: (stream: TLSSocket) => void): boolean {
    const server = this.#listeners.get(listener)?.server;
    const key = keyOf(raw);
    if (!server || key === undefined) return false;
    const handshake: Handshake = {
      raw,
      key,
      server,
      listener,
      onSecure,
      state: 'silent',
      watch: undefined,
    };
    this.#open.set(key, handshake);
    raw.on('error', () => raw.destroy());
    raw.once('close', () => this.#fail(handshake, 'the client went away'));
    handshake.watch = this.#deadlines.of(handshake);
    this.#deadlines.watch(handshake.watch, 'hello');
    awaitHello(raw, (state) => {
      this.#heard(handshake, state);
    });
    return true;
  }

  #heard(handshake: Handshake, state: 'whole' | 'not TLS'): void {
    if (handshake.state !== 'silent') return;
    if (state === 'not TLS') {
      this.#fail(handshake, 'what came first is not a ClientHello');
      return;
    }
    handshake.state = 'waiting';
    if (handshake.watch) this.#deadlines.watch(handshake.watch, 'handshake');
    this.#waiting.push(handshake);
    this.#runNext();
  }

  /** Gives up all handshakes that are not over. */
  cutOff(): void {
    for (const handshake of this.#open.values()) this.#end(handshake, 'the worker is draining');
  }

  #serve(
    { certificate, key, clientCa, clientAuth, listener, isChecked }: TlsMaterial,
    { context }: TlsSessions,
  ): Server {
    const asks = clientCa !== null;
    const server = createServer({
      cert: certificate,
      key,
      ...(asks && { ca: clientCa }),
      requestCert: asks,
      rejectUnauthorized: asks && clientAuth === 'require',
      sessionIdContext: context,
      ...(isChecked && { secureOptions: constants.SSL_OP_NO_TICKET }),
      handshakeTimeout: NODE_TIMEOUT,
      allowHalfOpen: true,
    });
    server.on('secureConnection', (stream) => this.#secured(stream));
    server.on('tlsClientError', (error, stream) => {
      const handshake = this.#open.get(keyOf(stream) ?? '');
      if (handshake) this.#fail(handshake, reasonOf(error));
      // Its raw connection is not known any more, so it must be closed here.
      else stream.destroy();
      this.#log.debug('a TLS handshake failed', { listener, error: error.message });
    });
    return server;
  }

  #runNext(): void {
    while (this.#running < this.#options.max) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.state !== 'waiting') continue;
      next.state = 'running';
      this.#running += 1;
      next.server.emit('connection', next.raw);
      // OpenSSL has answered by then; the next step is the client's.
      setImmediate(() => {
        if (next.state !== 'running') return;
        next.state = 'answered';
        this.#running -= 1;
        this.#runNext();
      });
    }
  }

  #secured(stream: TLSSocket): void {
    const handshake = this.#open.get(keyOf(stream) ?? '');
    if (!handshake || (handshake.state !== 'running' && handshake.state !== 'answered')) {
      stream.destroy();
      return;
    }
    this.#finish(handshake);
    handshake.onSecure(stream);
  }

  #fail(handshake: Handshake, why: string): void {
    if (handshake.state === 'over') return;
    const { listener } = handshake;
    this.#warnings.warn('a TLS handshake failed', `${listener} ${why}`, { listener, why });
    this.#end(handshake, why);
  }

  #end(handshake: Handshake, why: string): void {
    if (handshake.state === 'over') return;
    this.#failures += 1;
    this.#log.verbose('a connection did not become secure', { listener: handshake.listener, why });
    this.#finish(handshake);
    handshake.raw.destroy();
  }

  #finish(handshake: Handshake): void {
    if (handshake.state === 'running') this.#running -= 1;
    handshake.state = 'over';
    if (handshake.watch) this.#deadlines.release(handshake.watch);
    this.#open.delete(handshake.key);
    this.#runNext();
    this.#onChange();
  }
}

/** Node does not say which raw connection became a secure stream, but both name the same peer. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** The text of OpenSSL's error without the address and source location before it. */
function reasonOf(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
}
