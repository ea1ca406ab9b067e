import { PkixdError } from '../errors.js';
import { GrowingBuffer } from './growing-buffer.js';

/**
 * A frame is a length and that many bytes:
 *
 *     ┌──────────────────┬────────────────────────────┐
 *     │ u32, big endian  │ body: one msgpack value    │
 *     └──────────────────┴────────────────────────────┘
 *
 * Used on fd 4 and fd 6 between primary and worker and on the control socket.
 */
const HEADER = 4;

/** The most a peer may send in one frame, unless the reader says otherwise: 16 MiB. */
export const MAX_FRAME = 16 * 1024 * 1024;

export class FrameTooLargeError extends PkixdError {
  constructor(length: number, limit: number) {
    super('FRAME_TOO_LARGE', `a frame announces ${length} bytes; the limit is ${limit}`);
  }
}

export function frame(body: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEADER + body.length);
  framed.writeUInt32BE(body.length, 0);
  framed.set(body, HEADER);
  return framed;
}

/** Cuts a byte stream into frames. A frame beyond the limit throws before it is buffered. */
export class FrameReader {
  readonly #limit: number;
  /** The beginning of a frame that is not complete. */
  readonly #begun: GrowingBuffer;

  constructor(limit: number = MAX_FRAME) {
    this.#limit = limit;
    this.#begun = new GrowingBuffer(HEADER + limit);
  }

  /** The bodies that this chunk completes, in order; they may share memory with the chunk. */
  push(chunk: Buffer): Buffer[] {
    const bodies: Buffer[] = [];
    let at = 0;
    if (this.#begun.length > 0) {
      at = this.#continue(chunk);
      const size = this.#sizeOf(this.#begun.bytes, 0);
      if (size === undefined || this.#begun.length < size) return bodies;
      bodies.push(this.#begun.take().subarray(HEADER));
    }
    for (let size = this.#sizeOf(chunk, at); size !== undefined; size = this.#sizeOf(chunk, at)) {
      if (chunk.length - at < size) break;
      bodies.push(chunk.subarray(at + HEADER, at + size));
      at += size;
    }
    if (at < chunk.length) this.#begun.add(chunk.subarray(at));
    return bodies;
  }

  /** Adds the chunk's part of the unfinished frame. Returns the size of that part. */
  #continue(chunk: Buffer): number {
    const ofHeader = Math.min(chunk.length, Math.max(0, HEADER - this.#begun.length));
    this.#begun.add(chunk.subarray(0, ofHeader));
    const size = this.#sizeOf(this.#begun.bytes, 0);
    if (size === undefined) return ofHeader;
    const end = Math.min(chunk.length, ofHeader + size - this.#begun.length);
    this.#begun.add(chunk.subarray(ofHeader, end));
    return end;
  }

  /** The size of the frame that begins here, once its header has come. */
  #sizeOf(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < HEADER) return undefined;
    const length = bytes.readUInt32BE(at);
    if (length > this.#limit) throw new FrameTooLargeError(length, this.#limit);
    return HEADER + length;
  }
}
