import { join } from 'node:path';
import { callServer } from '../../client/control-client.js';
import { ConnectError } from '../../client/socket.js';
import { CONTROL_SOCKET } from '../../config/config.js';
import { PkixdError } from '../../errors.js';
import type { ControlRequest } from '../../wire/control.js';
import type { Context } from '../context.js';
import { CONFIG_FLAG, optionFlags, type Arguments } from '../flags.js';
import { runDirectoryOf } from './run-directory.js';

/** Flags of every command that speaks to a running server. */
export const SERVER_FLAGS = { ...CONFIG_FLAG, ...optionFlags(['run.directory']) };

/** Milliseconds that a server may take for a command. `stop` and `scale` answer once they have begun. */
const COMMAND_TIMEOUT_MS = 10_000;

/** One command to the server whose control socket the configuration names. */
export async function askServer(
  context: Context,
  args: Arguments,
  request: ControlRequest,
  timeout = COMMAND_TIMEOUT_MS,
): Promise<unknown> {
  const path = join(runDirectoryOf(context, args), CONTROL_SOCKET);
  try {
    return await callServer(path, request, timeout);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (error.code === 'NO_PERMISSION') throw noPermission(path, error);
    if (error.code !== 'NOT_LISTENING') throw error;
    throw new PkixdError(
      error.code,
      `no server runs here (${path}); start one with "pkixd start", or name its configuration with --config`,
      { cause: error },
    );
  }
}

function noPermission(path: string, cause: Error): PkixdError {
  const uid = process.geteuid?.() ?? 'unknown';
  return new PkixdError(
    'NO_PERMISSION',
    `user ${uid} may not use the control socket ${path}: run this as the user of the server, or ask a listener: pkixd health --connect ADDRESS`,
    { cause },
  );
}
