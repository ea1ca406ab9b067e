import { join } from 'node:path';
import { callServer } from '../../client/control-client.js';
import { ConnectError } from '../../client/socket.js';
import { CONTROL_SOCKET, type Config } from '../../config/config.js';
import { PkixdError } from '../../errors.js';
import { Logger } from '../../log.js';
import { decodeTrusted, encode } from '../../wire/codec.js';
import {
  FETCH_ORDER,
  type FetchOrder,
  type FetchReport,
  KNOWN_ORDER,
  type KnownReply,
  type KnownRequest,
} from '../../wire/crl.js';
import { note, printable, type Context } from '../context.js';
import { becomeWorker } from './access.js';

/** Fetches CRLs: a worker of the running server, or this process. */
export interface CrlFetcher {
  /** The CRLs that it can fetch, from this URL or all. */
  readonly known: (url?: string) => Promise<readonly FetchOrder[]>;
  readonly fetch: (order: FetchOrder) => Promise<FetchReport>;
  readonly close: () => Promise<void>;
}

type CarryOut = (name: string, body: Uint8Array, patience: number) => Promise<Uint8Array>;

/** ms that a server may take without fetching, and in addition to the limits of a fetch. */
const ORDER_TIMEOUT_MS = 20_000;

/** The server that the configuration names, if it runs; this process with `isLocal` or without a server. */
export async function openCrlFetcher(
  context: Context,
  config: Config,
  isLocal: boolean,
): Promise<CrlFetcher> {
  const path = join(config['run.directory'], CONTROL_SOCKET);
  if (!isLocal && (await isServed(path))) {
    return crlFetcher(
      config,
      (name, body, patience) => order(path, name, body, patience),
      async () => {},
    );
  }
  return localFetcher(context, config);
}

function crlFetcher(config: Config, carryOut: CarryOut, close: () => Promise<void>): CrlFetcher {
  // Another process may be fetching the same URL.
  const once =
    2 * (config['crl.fetchTimeout'] + config['crl.ingestTimeout'] + 2 * config['crl.redisMaxWait']);
  return {
    known: async (url) => {
      const orders: FetchOrder[] = [];
      for (let from: number | null = 0; from !== null;) {
        const request: KnownRequest = { from, ...(url !== undefined && { url }) };
        const reply = decodeTrusted<KnownReply>(
          await carryOut(KNOWN_ORDER, encode(request), ORDER_TIMEOUT_MS),
        );
        orders.push(...reply.orders);
        from = reply.next;
      }
      return orders;
    },
    fetch: async (ordered) => {
      const patience = ordered.urls.length * once + ORDER_TIMEOUT_MS;
      return decodeTrusted<FetchReport>(await carryOut(FETCH_ORDER, encode(ordered), patience));
    },
    close,
  };
}

async function isServed(path: string): Promise<boolean> {
  try {
    await callServer(path, { command: 'status' }, ORDER_TIMEOUT_MS);
    return true;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (error.code === 'NOT_LISTENING') return false;
    throw new PkixdError(error.code, `${error.message}; fetch without the server with --local`, {
      cause: error,
    });
  }
}

async function order(path: string, name: string, body: Uint8Array, patience: number): Promise<Uint8Array> {
  const result = await callServer(path, { command: 'order', argument: name, body }, patience);
  if (result instanceof Uint8Array) return result;
  throw new PkixdError('BAD_ANSWER', 'the server answered in an unknown form; fetch without it with --local');
}

/** Fetches in this process, with a writer of its own beside that of a server. */
async function localFetcher(context: Context, config: Config): Promise<CrlFetcher> {
  becomeWorker(config);
  // Other commands need not load the clients of HTTP and Redis.
  const { createCrlServices } = await import('../../crl/crl-services.js');
  const services = createCrlServices({
    config,
    // The command itself prints what is fetched.
    log: new Logger('error', 'pkixd', ({ message }) => {
      note(context, printable(message));
    }),
    ingestEntry: new URL('../../thread/ingest.js', import.meta.url),
    onStuck: (reason) => {
      note(context, printable(reason));
    },
  });
  await services.start();
  const carryOut: CarryOut = async (name, body) => {
    if (name === KNOWN_ORDER) return services.orders[KNOWN_ORDER](body);
    return services.orders[FETCH_ORDER](body);
  };
  return crlFetcher(config, carryOut, async () => {
    if (await services.close()) return;
    note(context, 'the CRL store is held by another process, which may be stopped: giving up');
    process.kill(process.pid, 'SIGTERM');
  });
}
