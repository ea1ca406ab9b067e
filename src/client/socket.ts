import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { formatAddress, type Address } from '../config/address.js';
import { PkixdError } from '../errors.js';

/**
 * No connection to this address: `NOT_LISTENING` where no server listens there, `NO_PERMISSION` where this user may not
 * connect, else `UNREACHABLE`.
 */
export class ConnectError extends PkixdError {
  constructor(address: Address, cause: NodeJS.ErrnoException) {
    const absent = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED';
    const text = formatAddress(address);
    const forbidden = cause.code === 'EACCES' || cause.code === 'EPERM';
    super(
      absent ? 'NOT_LISTENING' : forbidden ? 'NO_PERMISSION' : 'UNREACHABLE',
      absent ? `nothing listens at ${text}` : `${text} cannot be reached: ${cause.message}`,
      { cause },
    );
  }
}

/** The connection ended, or an answer did not come in time, while answers were still owed. */
export class ConnectionLostError extends PkixdError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONNECTION_LOST', message, options);
  }
}

/** Begins to connect. `ready` is the event upon which the socket may be used. `tls` is for TLS addresses. */
export function dial(
  address: Address,
  tls: ConnectionOptions = {},
): { readonly socket: Socket; readonly ready: 'connect' | 'secureConnect' } {
  if (address.kind === 'unix') return { socket: connect({ path: address.path }), ready: 'connect' };
  const { host, port } = address;
  if (address.kind === 'tcp') return { socket: connect({ host, port, noDelay: true }), ready: 'connect' };
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return { socket: connectTls({ ...servername, ...tls, host, port }), ready: 'secureConnect' };
}

/**
 * An open connection, or a ConnectError after at most `timeout` milliseconds. `tls` is for TLS addresses. The caller adds
 * its own listeners.
 */
export async function openSocket(
  address: Address,
  timeout: number,
  tls: ConnectionOptions = {},
): Promise<Socket> {
  const { socket, ready } = dial(address, tls);
  const { promise, resolve, reject } = pending<Socket>();
  const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeout} ms`)), timeout);
  const failed = (error: Error): void => reject(new ConnectError(address, error));
  socket.once('error', failed);
  socket.once(ready, () => {
    socket.off('error', failed);
    resolve(socket);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

interface Pending<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** A promise with its two ends in hand (Promise.withResolvers came after Node 20). */
export function pending<T>(): Pending<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
