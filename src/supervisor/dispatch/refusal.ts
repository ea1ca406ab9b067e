import { writeSync } from 'node:fs';
import { type ConnectionHandle, socketOn } from '../../wire/connection-handle.js';

/** How long a refused client may go on sending before it is cut off, in milliseconds. */
const LINGER = 500;

/**
 * BUSY before a TLS handshake has no other words (RFC 8446 §6): a fatal alert `internal_error`, in the record version
 * that every client of TLS 1.2 and 1.3 reads.
 */
export const TLS_INTERNAL_ERROR = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50]);

/** Refused clients that linger at once; beyond it they are closed right behind the answer. */
const MAX_LINGERING = 1024;

let lingering = 0;

/**
 * Says BUSY to a client and lets go of it. What it sent meanwhile is read and dropped: closing a socket with
 * unread input resets it, and the reset would destroy the answer on its way.
 */
export function refuse(handle: ConnectionHandle, answer: Buffer): void {
  const socket = socketOn(handle);
  socket.on('error', () => socket.destroy());
  if (lingering >= MAX_LINGERING) {
    socket.end(answer, () => socket.destroy());
    return;
  }
  lingering += 1;
  const deadline = setTimeout(() => socket.destroy(), LINGER);
  socket.once('close', () => {
    lingering -= 1;
    clearTimeout(deadline);
  });
  socket.end(answer);
  socket.resume();
}

/**
 * The same without waiting for anything, where descriptors run out: the connection is closed before this returns. The
 * answer is lost only where the client has sent something already, which is then unread.
 */
export function refuseAtOnce(handle: ConnectionHandle, answer: Buffer): void {
  try {
    if (handle.fd !== undefined) writeSync(handle.fd, answer);
  } catch {
    // The client is gone already.
  }
  handle.close();
}
