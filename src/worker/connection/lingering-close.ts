import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.js';

/** Milliseconds that a peer may take to accept the last bytes, or to close its side after them. */
const LINGER_MS = 500;

/**
 * Closes a connection whose answers were all written to the stream. Our side is ended, and input is read and dropped
 * until the peer ends its side: closing a socket with unread input sends a reset, which may destroy answers that the
 * peer has not read yet. If the peer has ended its side and the system has our last bytes, there is nothing to wait
 * for.
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

  /** Whether the time limit for the stream's end has begun. */
  get lingering(): boolean {
    return this.#cancelLinger !== undefined;
  }

  /**
   * @param hurry the time limit begins now, not when the last bytes are written.
   * @param peerEnded all input before the peer's end was read.
   * @param onLinger called when the time limit begins.
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

  /** Not with TLS, which has a closing message of its own. */
  #endsByClosing(): boolean {
    const stream = this.#stream;
    return stream instanceof Socket && !(stream instanceof TLSSocket) && stream.writableLength === 0;
  }

  #linger(onLinger: () => void): void {
    if (this.#stream.destroyed || this.lingering) return;
    this.#cancelLinger = this.#clock.after(LINGER_MS, () => {
      this.#stream.destroy();
    });
    onLinger();
  }
}
