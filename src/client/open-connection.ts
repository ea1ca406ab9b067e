import type { ConnectionOptions } from 'node:tls';
import type { Address } from '../config/address.js';
import { BusyError } from './errors.js';
import { MsgpackConnection, type ConnectionListener } from './msgpack-connection.js';
import { ConnectError, dial, pending } from './socket.js';

export interface OpenOptions {
  /** Milliseconds until the server has greeted. */
  readonly connectTimeout: number;
  readonly tls: ConnectionOptions;
}

/**
 * Opens a connection and waits for the server's greeting; later events go to the listener. Rejects with `BusyError` if
 * the server refused it, otherwise with `ConnectError`.
 */
export async function openConnection(
  address: Address,
  { connectTimeout, tls }: OpenOptions,
  listener: Omit<ConnectionListener, 'onGreeted'>,
): Promise<MsgpackConnection> {
  const { socket, ready } = dial(address, tls);
  const { promise, resolve, reject } = pending<MsgpackConnection>();
  let greeted = false;
  const failed = (error: Error): void => reject(new ConnectError(address, error));
  const timer = setTimeout(() => {
    failed(new Error(`no greeting within ${connectTimeout} ms`));
    socket.destroy();
  }, connectTimeout);
  timer.unref();
  socket.unref();
  socket.once('error', failed);
  socket.once(ready, () => {
    const connection = new MsgpackConnection(socket, {
      onGreeted: () => {
        greeted = true;
        resolve(connection);
      },
      onRoom: () => listener.onRoom(),
      onGone: (gone, why, goAway) => {
        if (greeted) listener.onGone(gone, why, goAway);
        else if (goAway) reject(new BusyError(goAway));
        else failed(new Error(why));
      },
      onClosed: (closed) => {
        if (greeted) listener.onClosed(closed);
      },
    });
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
