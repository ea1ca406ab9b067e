import { PkixdError } from '../errors.js';

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

/** Cuts a byte stream into frames. What is announced beyond the limit throws before it is buffered. */
export class FrameReader {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #buffered = 0;

  constructor(limit: number = MAX_FRAME) {
    this.#limit = limit;
  }

  /** The bodies that this chunk completes, in order; they may share memory with the chunk. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const bodies: Buffer[] = [];
    for (let length = this.#announced(); length !== undefined; length = this.#announced()) {
      if (this.#buffered < HEADER + length) break;
      const all = this.#joined();
      bodies.push(all.subarray(HEADER, HEADER + length));
      this.#chunks = [all.subarray(HEADER + length)];
      this.#buffered -= HEADER + length;
    }
    return bodies;
  }

  /** The length in the header of the frame at the front, once its four bytes are here. */
  #announced(): number | undefined {
    if (this.#buffered < HEADER) return undefined;
    const first = this.#chunks[0];
    const length = (first && first.length >= HEADER ? first : this.#joined()).readUInt32BE(0);
    if (length > this.#limit) throw new FrameTooLargeError(length, this.#limit);
    return length;
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    if (first && this.#chunks.length === 1) return first;
    const all = Buffer.concat(this.#chunks, this.#buffered);
    this.#chunks = [all];
    return all;
  }
}
