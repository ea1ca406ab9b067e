import { LineClient, type LineAnswer } from '../client/line-client.js';
import { ConnectError } from '../client/socket.js';
import { formatAddress, parseAddress, type Address } from '../config/address.js';
import type { Config } from '../config/config.js';
import { PkixdError } from '../errors.js';
import { createVerifyTask } from '../thread/verify-task.js';
import { decodeTrusted, encode } from '../wire/codec.js';
import type { VerifyRequest, VerifyResponse } from '../wire/request.js';

/** Whoever answers: a server, or this process. */
export interface Verifier {
  readonly ask: (request: VerifyRequest) => Promise<LineAnswer>;
  readonly close: () => void;
}

/** This process verifies by itself, with the configuration's anchors, profiles and CRLs. */
export function localVerifier(config: Config, report: (message: string) => void): Verifier {
  const verify = createVerifyTask(config, report);
  return {
    ask: async (request) => {
      const response = decodeTrusted<VerifyResponse>(verify(encode(request)));
      return 'verdict' in response ? response : { error: response.refused };
    },
    close: () => undefined,
  };
}

/** The server at `given`, else at the configuration's first listener. */
export async function remoteVerifier(given: string | undefined, config: Config): Promise<Verifier> {
  const address = given === undefined ? firstListener(config) : parseAddress(given);
  try {
    const client = await LineClient.connect(address);
    return { ask: (request) => client.verify(request), close: () => client.close() };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    throw new PkixdError(
      error.code,
      `${error.message}; start a server with "pkixd start", name another with --connect ADDRESS, or verify without one with --local`,
      { cause: error },
    );
  }
}

function firstListener(config: Config): Address {
  const listener = config.listeners.find(({ protocol, tls }) => protocol === 'line' && tls === null);
  if (listener && (listener.address.kind === 'unix' || listener.address.port !== 0)) return listener.address;
  const why = listener
    ? `${formatAddress(listener.address)} names no port`
    : 'no listener speaks the line protocol without TLS';
  throw new PkixdError(
    'USAGE',
    `the configuration does not say where to connect (${why}); use --connect ADDRESS`,
  );
}
