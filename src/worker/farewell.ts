import type { Duplex } from 'node:stream';
import type { Clock } from './clock.js';

/** How long a peer may take to accept the last bytes, or to close its side after them, in milliseconds. */
const LINGER = 500;

/**
 * The end of a connection on which every answer is with the stream. Our side is ended; input is then read and
 * dropped until the peer ends its own, for a socket closed over unread input sends a reset, and that can cost the
 * peer the answers it has not read yet.
 */
export class Farewell {
  readonly #stream: Duplex;
  readonly #clock: Clock;
  #begun = false;
  #cancelLinger: (() => void) | undefined;

  constructor(stream: Duplex, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Whether the time until the stream is destroyed runs already. */
  get lingering(): boolean {
    return this.#cancelLinger !== undefined;
  }

  /**
   * @param hurry the time runs from now on, not from when the last bytes are gone.
   * @param onLinger called when it begins to run.
   */
  begin(hurry: boolean, onLinger: () => void): void {
    if (this.#begun) return;
    this.#begun = true;
    if (hurry) this.#linger(onLinger);
    this.#stream.end(() => {
      this.#linger(onLinger);
    });
  }

  cancel(): void {
    this.#cancelLinger?.();
  }

  #linger(onLinger: () => void): void {
    if (this.#stream.destroyed || this.lingering) return;
    this.#cancelLinger = this.#clock.after(LINGER, () => {
      this.#stream.destroy();
    });
    onLinger();
  }
}
