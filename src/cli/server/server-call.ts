import { join } from 'node:path';
import { callServer } from '../../client/control-client.js';
import { ConnectError } from '../../client/socket.js';
import { CONTROL_SOCKET } from '../../config/config.js';
import { PkixdError } from '../../errors.js';
import type { ControlRequest } from '../../wire/control.js';
import type { Context } from '../context.js';
import { CONFIG_FLAG, configFor, optionFlags, type Arguments } from '../flags.js';

/** Flags of every command that speaks to a running server. */
export const SERVER_FLAGS = { ...CONFIG_FLAG, ...optionFlags(['run.directory']) };

/** Milliseconds that a server may take for a command. `stop` and `scale` answer once they have begun. */
const TIMEOUT = 10_000;

/** One command to the server whose control socket the configuration names. */
export async function askServer(
  context: Context,
  args: Arguments,
  request: ControlRequest,
  timeout = TIMEOUT,
): Promise<unknown> {
  const path = join(configFor(context, args)['run.directory'], CONTROL_SOCKET);
  try {
    return await callServer(path, request, timeout);
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code !== 'NOT_LISTENING') throw error;
    throw new PkixdError(
      error.code,
      `no server runs here (${path}); start one with "pkixd start", or name its configuration with --config`,
      { cause: error },
    );
  }
}
