import { formatSize } from '../../config/units.js';
import { FetchError } from './fetch-error.js';

const GROWTH_STEP_OCTETS = 1024 * 1024;

/**
 * Gathers a body into one buffer without ever holding it twice over in pieces. Of a known length the buffer is made
 * at once; the system commits its pages only as they are written. Of an unknown one it grows in place, within an
 * address range reserved up to the limit, and is copied once at the end.
 */
export class BodyBuffer {
  readonly #most: number;
  readonly #isExact: boolean;
  readonly #memory: ArrayBuffer;
  #length = 0;

  /** `most`: bytes beyond which `add` throws. `announced`: what the server says will come. */
  constructor(most: number, announced: number | undefined) {
    this.#most = most;
    this.#isExact = announced !== undefined;
    if (announced !== undefined && announced > most) throw tooLarge(announced, most);
    this.#memory =
      announced === undefined ? new ArrayBuffer(0, { maxByteLength: most }) : new ArrayBuffer(announced);
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#most) throw tooLarge(length, this.#most);
    if (length > this.#memory.byteLength) this.#grow(length);
    new Uint8Array(this.#memory).set(chunk, this.#length);
    this.#length = length;
  }

  /** The received octets; nothing may be added afterwards. */
  finish(): Buffer {
    if (this.#isExact) return Buffer.from(this.#memory, 0, this.#length);
    const body = Buffer.from(new ArrayBuffer(this.#length));
    body.set(new Uint8Array(this.#memory, 0, this.#length));
    this.#memory.resize(0);
    return body;
  }

  #grow(length: number): void {
    // HTTP lets no body outgrow its Content-Length, so an exact one never gets here.
    this.#memory.resize(Math.min(this.#most, Math.ceil(length / GROWTH_STEP_OCTETS) * GROWTH_STEP_OCTETS));
  }
}

function tooLarge(bytes: number, most: number): FetchError {
  return new FetchError(
    'tooLarge',
    `it has ${formatSize(bytes)} or more, and crl.maxSize allows ${formatSize(most)}`,
  );
}
