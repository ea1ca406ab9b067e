/**
 * One message of the msgpack protocol, in either direction (docs/protocols.md specifies it):
 *
 *     0        4      5       8      12     16
 *     ┌────────┬──────┬───────┬──────┬──────┬────────────────────┐
 *     │ length │ type │ zero  │ id   │ time │ body               │
 *     │ u32    │ u8   │ 3 × 0 │ u32  │ u32  │ msgpack, or empty  │
 *     └────────┴──────┴───────┴──────┴──────┴────────────────────┘
 *       big endian; `length` counts what follows it: 12 and the body
 *
 * The header alone gives a message's end, id and deadline, so that its body need not be decoded for these.
 */
export const HEADER = 16;
/** Bytes that `length` does not count. */
const LENGTH = 4;

/** The high bit is clear in types that clients send, and set in types that servers send. */
export const MESSAGE = {
  verify: 0x01,
  ping: 0x02,
  status: 0x03,
  cancel: 0x04,
  greeting: 0x81,
  answer: 0x82,
  pong: 0x83,
  goAway: 0x84,
} as const;

/** The version in the greeting; it changes when clients of the earlier version could misread the new one. */
export const PROTOCOL_VERSION = 1;

/** The body of a greeting. */
export interface Greeting {
  readonly protocol: 'pkixd';
  readonly version: number;
  /** The server's release. */
  readonly server: string;
  readonly permits: readonly string[];
  readonly limits: {
    /** Bytes of a request's body. */
    readonly maxSize: number;
    readonly maxInFlight: number;
    readonly maxCertificates: number;
    readonly maxCrls: number;
  };
}

/** The body of a GOAWAY, and what `refused` of an answer holds. */
export interface Refusal {
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** With BUSY: milliseconds after which a new attempt makes sense. */
  readonly retryAfter?: number;
}

/** @param time with `verify` the request's deadline in milliseconds, 0 for none; else 0. */
export function encodeMessage(type: number, id: number, time: number, body?: Uint8Array): Buffer {
  const size = HEADER + (body?.length ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeUInt32BE(size - LENGTH, 0);
  // The type and its three zero bytes.
  bytes.writeUInt32BE(type * 0x1_00_00_00, 4);
  bytes.writeUInt32BE(id, 8);
  bytes.writeUInt32BE(time, 12);
  if (body) bytes.set(body, HEADER);
  return bytes;
}

export interface Header {
  /** The size of the whole message, header included. */
  readonly size: number;
  readonly type: number;
  readonly id: number;
  readonly time: number;
}

/** The header at this place, all of whose bytes have come; undefined if it is not a header. */
export function readHeader(bytes: Buffer, at: number): Header | undefined {
  const length = bytes.readUInt32BE(at);
  const word = bytes.readUInt32BE(at + 4);
  if (length < HEADER - LENGTH || (word & 0xff_ff_ff) !== 0) return undefined;
  return {
    size: length + LENGTH,
    type: word >>> 24,
    id: bytes.readUInt32BE(at + 8),
    time: bytes.readUInt32BE(at + 12),
  };
}
