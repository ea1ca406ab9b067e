import type { ChildProcess, SendHandle } from 'node:child_process';
import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import type { Handover } from './ipc.js';

/**
 * An open connection as the system gives it, without the streams that Node builds on it: whoever only passes it on needs
 * none, and they cost more than the rest of its way. Node's own cluster passes on the same handles. They have no public
 * name, so all that is known of them stands in this file.
 */
export interface ConnectionHandle {
  /** Its number in this process. */
  readonly fd?: number;
  /** Lets go of this process's copy; the connection ends with the last of them. */
  close(): void;
}

type OnConnection = (this: unknown, status: number, handle: ConnectionHandle | undefined) => void;

/**
 * From now on what this server accepts goes to `take` and not to its 'connection' event; nothing of it is read. To be
 * called while the server listens. What the server fails to accept still is its 'error'.
 */
export function takeHandles(server: Server, take: (handle: ConnectionHandle) => void): void {
  const listening: unknown = Reflect.get(server, '_handle');
  if (!acceptsHandles(listening))
    throw new Error(`Node.js ${process.version} gives no handles of connections`);
  const { onconnection } = listening;
  listening.onconnection = function (status, handle) {
    if (handle === undefined) onconnection.call(this, status, handle);
    else take(handle);
  };
}

/**
 * Sends a copy of the handle along with the message, on Node's own IPC channel. A failure needs no answer here: whoever
 * hands over waits for the other side's word anyway.
 */
export function sendHandle(to: ChildProcess, message: Handover, handle: ConnectionHandle): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node sends handles, though its types do not say so
  to.send(message, handle as unknown as SendHandle, {}, ignore);
}

/** Whether this came with a message as the handle of a connection. */
export function isConnectionHandle(value: unknown): value is ConnectionHandle {
  return typeof value === 'object' && value !== null && 'readStart' in value && 'close' in value;
}

/** A socket on the handle, which is the socket's from then on. It reads nothing until it is resumed. */
export function socketOn(handle: ConnectionHandle): Socket {
  const options: SocketConstructorOpts & Readonly<Record<string, unknown>> = { handle, pauseOnCreate: true };
  return new Socket(options);
}

function ignore(): void {
  // See above.
}

function acceptsHandles(value: unknown): value is { onconnection: OnConnection } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'onconnection' in value &&
    typeof value.onconnection === 'function'
  );
}
