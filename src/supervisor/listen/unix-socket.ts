import { lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { once } from 'node:events';
import { PkixdError, messageOf } from '../../errors.js';

/** sun_path holds 108 bytes, the last of them a NUL. Node 20 silently cuts a longer path. */
const MAX_PATH = 107;

export class UnixSocketError extends PkixdError {}

/**
 * Listens on a UNIX socket with this mode from the first moment (umask, not chmod). A socket that a dead process left
 * is removed once a connection to it was refused; a file that is not a socket, or a live listener, is an error.
 */
export async function listenUnix(server: Server, path: string, mode: number, backlog: number): Promise<void> {
  const length = Buffer.byteLength(path);
  if (length > MAX_PATH) {
    throw new UnixSocketError(
      'SOCKET_PATH_TOO_LONG',
      `the socket path "${path}" has ${length} bytes and the system allows ${MAX_PATH}; choose a shorter folder`,
    );
  }
  await removeStale(path);
  const listening = once(server, 'listening');
  const umask = process.umask(0o777 & ~mode);
  try {
    // listen() binds a path before it returns, since there is no look-up.
    server.listen({ path, backlog });
  } finally {
    process.umask(umask);
  }
  await listening;
}

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new UnixSocketError(
      'NOT_A_SOCKET',
      `"${path}" exists and is not a socket; remove it or choose another path`,
    );
  }
  const answer = await probe(path);
  if (answer === 'ENOENT') return;
  if (answer !== 'ECONNREFUSED') {
    throw new UnixSocketError(
      'ADDRESS_IN_USE',
      answer === undefined
        ? `another process listens on unix:${path}; stop it (pkixd stop) or choose another address`
        : `unix:${path} exists and cannot be probed (${answer}); remove it or choose another address`,
    );
  }
  try {
    unlinkSync(path);
  } catch (error) {
    throw new UnixSocketError(
      'STALE_SOCKET',
      `the stale socket "${path}" cannot be removed: ${messageOf(error)}`,
    );
  }
}

/** The code of the connection's error; `undefined` if a server listens there. */
function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
  });
}
