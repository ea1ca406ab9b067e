import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { parseAddress } from '../config/address.js';
import type { ServerStatus } from '../wire/control.js';
import { MESSAGE } from '../wire/message.js';
import type { Verdict } from '../wire/verdict.js';
import { Call, type CallOptions } from './call.js';
import { InputError, ProtocolError } from './errors.js';
import { isFields, isVerdict } from './message-shape.js';
import { Pool } from './pool.js';
import { requestForPeer, type PeerExpectation } from './tls-peer.js';
import { encodeVerify, type VerifyInput } from './verify-input.js';

export interface ClientOptions {
  /** Milliseconds that a call may take, connecting and every attempt included. Default 10,000. */
  readonly timeout?: number;
  /** The most connections at once, over all servers. Default 8. */
  readonly maxConnections?: number;
  /** Milliseconds until a new connection must be greeted. Default 5000. */
  readonly connectTimeout?: number;
  /** Fail a call as soon as no server can be reached, and not only when its time is over. Default false. */
  readonly failFast?: boolean;
  /** Let the process end while calls are open. An idle client never keeps it alive. Default false. */
  readonly unref?: boolean;
  /** For `tls://` addresses, as in `tls.connect`: `ca`, `cert`, `key`, … */
  readonly tls?: ConnectionOptions;
}

/** Timers take no more. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * Asks pkixd servers over the msgpack protocol. Connections are opened as they are needed and kept; any number of calls
 * may be open at once.
 *
 * A call whose connection dies is sent once more on another. One that the server did not carry out (it was busy, or
 * asked the client to go) is sent again until its time is over.
 */
export class Client {
  readonly #pool: Pool;
  readonly #timeout: number;
  readonly #unref: boolean;

  /**
   * @param servers `unix:/path`, `tcp://host:port` or `tls://host:port`, one or several that answer alike.
   * @throws AddressError, InputError
   */
  constructor(servers: string | readonly string[], options: ClientOptions = {}) {
    const addresses = [servers].flat().map(parseAddress);
    if (addresses.length === 0) throw new InputError('no server is named');
    this.#timeout = checkTimeout(options.timeout ?? 10_000);
    this.#unref = options.unref ?? false;
    this.#pool = new Pool({
      servers: addresses,
      maxConnections: checkCount(options.maxConnections ?? 8),
      connectTimeout: checkTimeout(options.connectTimeout ?? 5000),
      failFast: options.failFast ?? false,
      tls: options.tls ?? {},
    });
  }

  /**
   * The verdict on the first certificate. Rejects with a `PkixdError`, whose `code` says what went wrong, or with the
   * signal's reason; never with a verdict, whatever that is.
   */
  async verify(input: VerifyInput, options: CallOptions = {}): Promise<Verdict> {
    const answer = await this.#call(MESSAGE.verify, encodeVerify(input), options);
    const verdict = isFields(answer) ? answer['verdict'] : undefined;
    if (!isVerdict(verdict)) throw new ProtocolError('an answer holds no verdict');
    return verdict;
  }

  /**
   * The verdict on the peer of a TLS connection after its handshake: on the chain that it sent, for the host name of
   * the connection's SNI or the given one. For clients of a server expect `{ purpose: 'clientAuth' }`.
   */
  async checkPeer(
    socket: TLSSocket,
    expected: PeerExpectation = {},
    options: CallOptions = {},
  ): Promise<Verdict> {
    return this.verify(requestForPeer(socket, expected), options);
  }

  /** The object that `pkixd status --json` prints. The listener must permit `status`. */
  async status(options: CallOptions = {}): Promise<ServerStatus> {
    const answer = await this.#call(MESSAGE.status, undefined, options);
    const status = isFields(answer) ? answer['status'] : undefined;
    if (!isStatus(status)) throw new ProtocolError('an answer holds no status');
    return status;
  }

  /** Resolves when a worker of the server has answered. */
  async ping(options: CallOptions = {}): Promise<void> {
    await this.#call(MESSAGE.ping, undefined, options);
  }

  /** Takes no further call. Resolves when all calls have ended and every connection is closed. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  #call(type: number, body: Uint8Array | undefined, { timeout, signal }: CallOptions): Promise<unknown> {
    const limits = {
      timeout: timeout === undefined ? this.#timeout : checkTimeout(timeout),
      signal,
      unref: this.#unref,
    };
    return new Call(type, body, this.#pool, limits).promise;
  }
}

function isStatus(value: unknown): value is ServerStatus {
  return isFields(value) && typeof value['state'] === 'string' && Array.isArray(value['workers']);
}

function checkTimeout(milliseconds: number): number {
  if (milliseconds > 0 && milliseconds <= MAX_TIMEOUT) return milliseconds;
  throw new InputError(`a timeout is 1 to ${MAX_TIMEOUT} ms, not ${milliseconds}`);
}

function checkCount(connections: number): number {
  if (Number.isInteger(connections) && connections >= 1) return connections;
  throw new InputError(`maxConnections is a whole number from 1, not ${connections}`);
}
