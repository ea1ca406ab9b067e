import type { Socket } from 'node:net';

/** RFC 8446 §5.1: the record header, its type, and the most octets that a record of plain text has. */
const RECORD_HEADER = 5;
const HANDSHAKE_RECORD = 22;
const MAX_RECORD = 16_384;
/** §4: the header of a handshake message, and the type of the first. */
const MESSAGE_HEADER = 4;
const CLIENT_HELLO = 1;
/**
 * The largest ClientHello in octets; those of browsers have up to two thousand. It fits into the 16 KiB that a stream
 * holds unread by default.
 */
const MAX_HELLO = 12_288;

/** Whether a ClientHello is complete. A number: it is incomplete below so many octets in all. */
export type HelloState = number | 'whole' | 'not TLS';

/** Looks at the first octets of a connection; a ClientHello may come in several records (RFC 8446 §5.1). */
export function helloState(octets: Uint8Array): HelloState {
  let wanted = Infinity;
  let message = 0;
  for (let at = 0; ;) {
    if (octets.length > at && octets[at] !== HANDSHAKE_RECORD) return 'not TLS';
    if (octets.length > at + 1 && octets[at + 1] !== 3) return 'not TLS';
    const from = at + RECORD_HEADER;
    if (octets.length < from) return from;
    const length = octets[at + 3]! * 256 + octets[at + 4]!;
    if (length === 0 || length > MAX_RECORD) return 'not TLS';
    if (message === 0) {
      if (octets.length > from && octets[from] !== CLIENT_HELLO) return 'not TLS';
      // No client sends a smaller part in the first record.
      if (length < MESSAGE_HEADER) return 'not TLS';
      if (octets.length < from + MESSAGE_HEADER) return from + MESSAGE_HEADER;
      wanted = MESSAGE_HEADER + octets[from + 1]! * 65_536 + octets[from + 2]! * 256 + octets[from + 3]!;
      if (wanted > MAX_HELLO) return 'not TLS';
    }
    const end = from + Math.min(length, wanted - message);
    if (octets.length < end) return end;
    message += length;
    if (message >= wanted) return 'whole';
    at = from + length;
  }
}

/**
 * Waits until the client's complete ClientHello lies unread in the socket, where Node's TLS finds it. Calls back once
 * with the result; not at all if the socket closes before.
 */
export function awaitHello(socket: Socket, onHello: (state: 'whole' | 'not TLS') => void): void {
  let needed = 1;
  const look = (): void => {
    // unshift() emits 'readable' like new octets.
    if (socket.readableLength < needed) return;
    const octets: unknown = socket.read();
    if (!(octets instanceof Uint8Array)) return;
    const state = helloState(octets);
    if (typeof state === 'number') needed = state;
    else socket.off('readable', look);
    socket.unshift(octets);
    if (typeof state !== 'number') onHello(state);
  };
  socket.on('readable', look);
}
