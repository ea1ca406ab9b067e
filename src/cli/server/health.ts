import type { ConnectionOptions } from 'node:tls';
import { formatAddress, parseAddress } from '../../config/address.js';
import { dial } from '../../client/socket.js';
import { messageOf, PkixdError } from '../../errors.js';
import type { Command } from '../command.js';
import { print, type Context } from '../context.js';
import { type Arguments, textFlag } from '../flags.js';
import { CLIENT_CERTIFICATE_FLAGS, tlsOptions } from '../tls-flags.js';
import { type Health, HEALTH_EXIT, healthOf } from './health-state.js';
import { askServer, SERVER_FLAGS } from './server-call.js';
import { isStatus } from './status.js';

/** Milliseconds that a server may take to answer. */
const TIMEOUT_MS = 5000;
/** The octets of a first answer that are examined: any octet proves a worker, and BUSY is at the beginning. */
const MAX_FIRST_ANSWER = 512;

export const health: Command = {
  flags: {
    ...SERVER_FLAGS,
    connect: {
      type: 'string',
      requiresArg: true,
      describe:
        'Ask a listener (unix:/path, tcp://host:port or tls://host:port) in place of the control socket: for users who may not use that, and from other hosts',
    },
    ...CLIENT_CERTIFICATE_FLAGS,
    quiet: { alias: 'q', type: 'boolean', describe: 'Print nothing; only set the exit code' },
  },
  examples: [
    ['$0 health --quiet', 'exit 0 ready, 1 degraded, 2 down: for a load balancer, a container or a monitor'],
    ['$0 health --connect tcp://127.0.0.1:15280', 'needs no rights on the files of the server'],
  ],
  async run(context, args) {
    const { state, why } = await look(context, args);
    if (args['quiet'] !== true) print(context, `${state}: ${why}`);
    return HEALTH_EXIT[state];
  },
};

async function look(context: Context, args: Arguments): Promise<Health> {
  const address = textFlag(args, 'connect');
  const tls = tlsOptions(context, args);
  try {
    return address === undefined
      ? ofStatus(await askServer(context, args, { command: 'status' }, TIMEOUT_MS))
      : await ofListener(address, tls);
  } catch (error) {
    // A wrong command line says nothing about the server.
    if (!(error instanceof PkixdError) || error.code === 'BAD_ADDRESS') throw error;
    // Nor does a missing permission.
    if (error.code === 'NO_PERMISSION') throw error;
    return { state: 'down', why: messageOf(error) };
  }
}

/** The health by the control socket. */
function ofStatus(status: unknown): Health {
  if (!isStatus(status)) return { state: 'degraded', why: 'the server is of another release' };
  return healthOf(status);
}

/**
 * The health by a listener: the greeting of the msgpack protocol, or the answer to a PING of the line protocol, comes
 * from a worker.
 */
async function ofListener(text: string, tls: ConnectionOptions): Promise<Health> {
  const address = parseAddress(text);
  // The server's certificate is not checked: only whether it answers matters here.
  const { socket, ready } = dial(address, { ...tls, rejectUnauthorized: false });
  const shown = formatAddress(address);
  try {
    return await new Promise<Health>((resolve) => {
      const down = (why: string): void => resolve({ state: 'down', why: `${shown}: ${why}` });
      let answer = '';
      socket.setTimeout(TIMEOUT_MS, () => down(`no answer within ${TIMEOUT_MS} ms`));
      socket.once(ready, () => socket.write('PING\n'));
      socket.on('error', (error) => down(messageOf(error)));
      socket.on('close', () => down('the connection was closed without an answer'));
      socket.on('data', (chunk: Buffer) => {
        answer = (answer + chunk.toString('latin1')).slice(0, MAX_FIRST_ANSWER);
        if (answer.includes('BUSY')) resolve({ state: 'degraded', why: `${shown} has no room (BUSY)` });
        else if (answer.length > 0) resolve({ state: 'ready', why: `${shown} answers` });
      });
    });
  } finally {
    socket.destroy();
  }
}
