import type { SecureContext } from 'node:tls';
import { Redis } from 'ioredis';
import { type RedisAddress, showRedisAddress } from '../../config/redis-url.js';
import { messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import { guardedConnector } from './guarded-connector.js';

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  /** For `rediss:`. */
  readonly secureContext: SecureContext;
  /** ms: `crl.redisTimeout` */
  readonly timeout: number;
  /** The purpose of the connection, for the log. */
  readonly purpose: string;
  readonly log: Logger;
  /** Told each time that it is up. */
  readonly onUp?: () => void;
}

/** ms before the first attempt to connect again, and before however many; a little chance goes off. */
const RECONNECT = 100;
const RECONNECT_MOST = 5000;
/** ms between two pings on an idle connection. */
const HEARTBEAT = 10_000;
/** ms in which one line is logged about repeated errors. */
const LOG_PERIOD_MS = 60_000;
/** ms until a connection that is given up is cut. */
const DISCONNECT = 100;
/** The message of ioredis for a command that exceeded `commandTimeout`. */
const TIMED_OUT = 'Command timed out';

/**
 * A connection to Redis that delays callers by at most `timeout`: while it is down, commands fail at once, and one that
 * takes too long ends the connection. Nothing is queued, and nothing rejects; errors are logged at intervals.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #redis: Redis;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #where: string;
  readonly #trouble: { at: number; unsaid: number } = { at: -Infinity, unsaid: 0 };
  #isUp = false;
  #isClosed = false;
  #errors = 0;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#where = showRedisAddress(options.address);
    this.#redis = new Redis(redisOptions(options));
    this.#redis.on('ready', () => this.#becomeUp());
    this.#redis.on('close', () => {
      this.#isUp = false;
    });
    this.#redis.on('error', (error) => this.#complain(messageOf(error)));
    this.#redis.connect().catch(() => undefined);
    this.#heartbeat = setInterval(() => {
      void this.run((redis) => redis.ping());
    }, HEARTBEAT).unref();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Failures since the start. */
  get errors(): number {
    return this.#errors;
  }

  /** For those who receive messages. */
  onMessage(receive: (message: string) => void): void {
    this.#redis.on('message', (_channel: string, message: string) => receive(message));
  }

  /** Resolves once it is up, or after so many ms. */
  async up(patience: number): Promise<void> {
    if (this.#isUp) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#redis.off('ready', settle);
        resolve();
      };
      const timer = setTimeout(settle, patience);
      this.#redis.once('ready', settle);
    });
  }

  /** The answer of Redis, or `undefined` after an error or the time limit. */
  async run<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    if (!this.#isUp) return undefined;
    try {
      return await command(this.#redis);
    } catch (error) {
      const message = messageOf(error);
      if (message === TIMED_OUT) this.#reconnect(`it did not answer within ${this.#options.timeout} ms`);
      else this.#complain(message);
      return undefined;
    }
  }

  /** Ends the connection, to be made again in `pause` ms or, without one, as soon as may be. */
  rest(pause: number): void {
    this.#isUp = false;
    this.#redis.disconnect();
    setTimeout(() => {
      if (!this.#isClosed) this.#redis.connect().catch(() => undefined);
    }, pause).unref();
  }

  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    clearInterval(this.#heartbeat);
    this.#redis.disconnect();
    this.#redis.stream?.destroy();
  }

  #becomeUp(): void {
    const { log, purpose, onUp } = this.#options;
    this.#isUp = true;
    log.info(`Redis is there for ${purpose}`, { redis: this.#where });
    onUp?.();
  }

  /** A peer that does not answer would not take part in an orderly end either. */
  #reconnect(why: string): void {
    if (!this.#isUp && this.#redis.status !== 'connect') return;
    this.#isUp = false;
    this.#complain(why);
    this.#redis.stream.destroy();
  }

  /** Once in a while; what happened in between is counted. */
  #complain(why: string): void {
    if (this.#isClosed) return;
    this.#errors++;
    const now = performance.now();
    const { at, unsaid } = this.#trouble;
    if (now - at < LOG_PERIOD_MS) {
      this.#trouble.unsaid++;
      return;
    }
    this.#trouble.at = now;
    this.#trouble.unsaid = 0;
    const { log, purpose } = this.#options;
    const fields = { redis: this.#where, why, ...(unsaid > 0 && { before: unsaid }) };
    log.warn(`Redis cannot be used for ${purpose}; CRLs are fetched without it`, fields);
  }
}

function redisOptions({ address, secureContext, timeout }: RedisConnectionOptions) {
  const { at, username, password, db } = address;
  const peer = {
    ...(at.kind === 'unix' ? { path: at.path } : { host: at.host, port: at.port }),
    ...(at.kind === 'tls' && { tls: { secureContext, servername: at.host } }),
    disconnectTimeout: DISCONNECT,
  };
  return {
    ...peer,
    Connector: guardedConnector(peer),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db,
    lazyConnect: true,
    connectionName: 'pkixd',
    disableClientInfo: true,
    // Spoken by Redis of every age.
    protocol: 2 as const,
    connectTimeout: timeout,
    commandTimeout: timeout,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times: number) =>
      Math.min(RECONNECT_MOST, RECONNECT * 2 ** Math.min(times, 16)) * (1 - Math.random() / 4),
  };
}
