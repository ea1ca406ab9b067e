import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.js';

/** How long a peer may take to accept the last bytes, or to close its side after them, in milliseconds. */
const LINGER = 500;

/**
 * The end of a connection on which every answer is with the stream. Our side is ended; input is then read and
 * dropped until the peer ends its own, for a socket closed over unread input sends a reset, and that can cost the
 * peer the answers it has not read yet. Where the peer has ended its side and the system has our last bytes, there is
 * nothing to wait for.
 */
export class LingeringClose {
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
   * @param peerEnded everything that the peer sent before its end was read.
   * @param onLinger called when it begins to run.
   */
  begin(hurry: boolean, peerEnded: boolean, onLinger: () => void): void {
    if (this.#begun) return;
    this.#begun = true;
    if (peerEnded && this.#endsByClosing()) {
      this.#stream.destroy();
      return;
    }
    if (hurry) this.#linger(onLinger);
    this.#stream.end(() => {
      this.#linger(onLinger);
    });
  }

  cancel(): void {
    this.#cancelLinger?.();
  }

  /** Not so with TLS, whose end has words of its own. */
  #endsByClosing(): boolean {
    const stream = this.#stream;
    return stream instanceof Socket && !(stream instanceof TLSSocket) && stream.writableLength === 0;
  }

  #linger(onLinger: () => void): void {
    if (this.#stream.destroyed || this.lingering) return;
    this.#cancelLinger = this.#clock.after(LINGER, () => {
      this.#stream.destroy();
    });
    onLinger();
  }
}
