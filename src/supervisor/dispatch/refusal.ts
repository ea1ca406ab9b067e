import { writeSync } from 'node:fs';
import { type ConnectionHandle, socketOn } from '../../wire/connection-handle.js';

/** Milliseconds that a refused client may go on sending before its connection is destroyed. */
const LINGER_MS = 500;

/**
 * The refusal before a TLS handshake: a fatal alert `internal_error` (RFC 8446 §6), with the record version that every
 * TLS 1.2 and 1.3 client reads.
 */
export const TLS_INTERNAL_ERROR = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50]);

/** The most refused clients that may linger; further ones are closed right after the answer. */
const MAX_LINGERING = 1024;

let lingering = 0;

/**
 * Answers BUSY and closes the connection. Input is read and dropped until then: closing a socket with unread input
 * sends a reset, which would destroy the answer.
 */
export function refuse(handle: ConnectionHandle, answer: Buffer): void {
  const socket = socketOn(handle);
  socket.on('error', () => socket.destroy());
  if (lingering >= MAX_LINGERING) {
    socket.end(answer, () => socket.destroy());
    return;
  }
  lingering += 1;
  const deadline = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => {
    lingering -= 1;
    clearTimeout(deadline);
  });
  socket.end(answer);
  socket.resume();
}

/**
 * Answers BUSY and closes the connection before it returns, for when descriptors run out. The answer is lost only if
 * the client has already sent something, which stays unread.
 */
export function refuseAtOnce(handle: ConnectionHandle, answer: Buffer): void {
  try {
    if (handle.fd !== undefined) writeSync(handle.fd, answer);
  } catch {
    // The client is gone already.
  }
  handle.close();
}
