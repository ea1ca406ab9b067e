import { connect, type Socket } from 'node:net';
import { formatAddress, type Address } from '../config/address.js';
import { PkixdError } from '../errors.js';

/** Nothing can be had at this address; `NOT_LISTENING` when nobody is there at all. */
export class ConnectError extends PkixdError {
  constructor(address: Address, cause: NodeJS.ErrnoException) {
    const absent = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED';
    const text = formatAddress(address);
    super(
      absent ? 'NOT_LISTENING' : 'UNREACHABLE',
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

/** An open connection, or a ConnectError after at most `timeout` milliseconds. The caller adds its own listeners. */
export async function openSocket(address: Address, timeout: number): Promise<Socket> {
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path })
      : connect({ host: address.host, port: address.port });
  const { promise, resolve, reject } = pending<Socket>();
  const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeout} ms`)), timeout);
  const failed = (error: Error): void => reject(new ConnectError(address, error));
  socket.once('error', failed);
  socket.once('connect', () => {
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
