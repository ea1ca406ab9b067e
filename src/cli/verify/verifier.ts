import type { ConnectionOptions } from 'node:tls';
import { Client } from '../../client/client.js';
import { RefusedError } from '../../client/errors.js';
import { LineClient, type LineAnswer } from '../../client/line-client.js';
import { ConnectError } from '../../client/socket.js';
import { formatAddress, parseAddress, type Address } from '../../config/address.js';
import type { Config, ListenerConfig } from '../../config/config.js';
import { PkixdError } from '../../errors.js';
import type { VerifyRequest } from '../../wire/request.js';

/** Answers requests: a server, or this process. */
export interface Verifier {
  readonly ask: (request: VerifyRequest) => Promise<LineAnswer>;
  readonly close: () => void | Promise<void>;
}

/** Milliseconds that an answer may take. */
const ANSWER_TIMEOUT_MS = 60_000;

/** The server at `given`, or at the configuration's first listener, with the protocol of that listener. */
export async function remoteVerifier(
  given: string | undefined,
  config: Config,
  tls: ConnectionOptions,
): Promise<Verifier> {
  const { address, protocol } = given === undefined ? firstListener(config) : listenerAt(given, config);
  try {
    return await (protocol === 'msgpack' ? msgpackVerifier(address, tls) : lineVerifier(address, tls));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    throw new PkixdError(error.code, `${error.message}; ${wayOut(error, address)}`, { cause: error });
  }
}

async function lineVerifier(address: Address, tls: ConnectionOptions): Promise<Verifier> {
  const client = await LineClient.connect(address, { tls });
  return { ask: (request) => client.verify(request), close: () => client.close() };
}

async function msgpackVerifier(address: Address, tls: ConnectionOptions): Promise<Verifier> {
  const client = new Client(formatAddress(address), { failFast: true, timeout: ANSWER_TIMEOUT_MS, tls });
  await client.ping();
  return {
    ask: async (request) => {
      try {
        return { verdict: await client.verify(request) };
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        return { error: { code: error.code, message: error.message } };
      }
    },
    close: () => void client.close(),
  };
}

function wayOut({ code }: ConnectError, { kind }: Address): string {
  const other = 'name another server with --connect ADDRESS, or verify without one with --local';
  if (code === 'NO_PERMISSION')
    return `this user may not write to the socket: join its group (ls -l shows it), ${other}`;
  if (kind === 'tls' && code === 'UNREACHABLE')
    return `name the CA of its certificate with --server-ca, and a certificate of your own with --client-cert where it wants one, ${other}`;
  return `start a server with "pkixd start", ${other}`;
}

type Spoken = Pick<ListenerConfig, 'address' | 'protocol'>;

/** The configuration says which protocol an address has; `line` is the default. */
function listenerAt(text: string, config: Config): Spoken {
  const address = parseAddress(text);
  const shown = formatAddress(address);
  const listener = config.listeners.find((one) => formatAddress(one.address) === shown);
  return { address, protocol: listener?.protocol ?? 'line' };
}

function firstListener(config: Config): Spoken {
  const listener = config.listeners.find(({ tls }) => tls === null);
  if (listener && (listener.address.kind === 'unix' || listener.address.port !== 0)) return listener;
  const why = listener ? `${formatAddress(listener.address)} names no port` : 'every listener is for TLS';
  throw new PkixdError(
    'USAGE',
    `the configuration does not say where to connect (${why}); use --connect ADDRESS`,
  );
}
