import { PkixdError } from '../errors.js';
import { decode, encode } from '../wire/codec.js';
import type { ControlRequest, ControlResponse } from '../wire/control.js';
import { frame, FrameReader } from '../wire/frame.js';
import { ConnectionLostError, openSocket, pending } from './socket.js';

/** The server refused to carry out the command. */
export class ControlError extends PkixdError {}

/**
 * Sends one command over the control socket and resolves to its result. Rejects with ConnectError if there is no
 * server, ConnectionLostError if it goes away or is silent for `timeout` milliseconds, ControlError otherwise.
 */
export async function callServer(path: string, request: ControlRequest, timeout: number): Promise<unknown> {
  const socket = await openSocket({ kind: 'unix', path }, timeout);
  const { promise, resolve, reject } = pending<unknown>();
  const reader = new FrameReader();
  socket.setTimeout(timeout, () =>
    reject(new ConnectionLostError(`no answer at ${path} within ${timeout} ms`)),
  );
  socket.on('error', (error) =>
    reject(new ConnectionLostError(`${path}: ${error.message}`, { cause: error })),
  );
  socket.on('close', () => reject(new ConnectionLostError(`${path} was closed before the answer`)));
  socket.on('data', (chunk) => {
    try {
      const [body] = reader.push(chunk);
      if (body) resolve(resultOf(decode(body)));
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
  socket.write(frame(encode(request)));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function resultOf(answer: unknown): unknown {
  if (!isResponse(answer)) throw new ControlError('BAD_ANSWER', 'the server answered in an unknown form');
  if (!answer.ok) throw new ControlError(answer.code, answer.message);
  return answer.result;
}

function isResponse(value: unknown): value is ControlResponse {
  if (typeof value !== 'object' || value === null || !('ok' in value)) return false;
  if (value.ok === true) return true;
  return (
    'code' in value &&
    typeof value.code === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}
