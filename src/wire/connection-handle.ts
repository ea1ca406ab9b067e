import type { ChildProcess, SendHandle } from 'node:child_process';
import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import type { Handover } from './ipc.js';

/**
 * An open connection as the system's handle, without Node's streams: passing it on needs none, and they would cost more
 * than the rest of the hand-over. Node's own cluster passes on the same handles. They have no public type, so all use
 * of their internals stays in this file.
 */
export interface ConnectionHandle {
  /** The number of its descriptor in this process. */
  readonly fd?: number;
  /** Closes this process's copy; the connection ends when its last copy is closed. */
  close(): void;
}

type OnConnection = (this: unknown, status: number, handle: ConnectionHandle | undefined) => void;

/**
 * From now on, accepted connections go to `take` instead of the 'connection' event, and are not read from. To be called
 * while the server listens. A failure to accept is still its 'error' event.
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
 * Sends a copy of the handle along with the message, on Node's own IPC channel. A failure is not reported: the
 * dispatcher waits for the worker's acknowledgement anyway.
 */
export function sendHandle(to: ChildProcess, message: Handover, handle: ConnectionHandle): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node sends handles, though its types do not say so
  to.send(message, handle as unknown as SendHandle, {}, ignore);
}

/** Whether this value, which came with a message, is the handle of a connection. */
export function isConnectionHandle(value: unknown): value is ConnectionHandle {
  return typeof value === 'object' && value !== null && 'readStart' in value && 'close' in value;
}

/** A socket that owns the handle from now on. It reads nothing until it is resumed. */
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
