import { Duplex } from 'node:stream';

/** Two ends of a connection in memory: what one writes the other reads, with back-pressure and half-closing. */
export function duplexPair(): { readonly ours: Duplex; readonly theirs: Duplex } {
  const ours = new End();
  const theirs = new End();
  ours.peer = theirs;
  theirs.peer = ours;
  return { ours, theirs };
}

class End extends Duplex {
  peer: End | undefined;
  /** Called when the peer has room for more. */
  #whenRead: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  override _read(): void {
    const whenRead = this.#whenRead;
    this.#whenRead = undefined;
    whenRead?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (!this.peer || this.peer.destroyed) callback(new Error('the peer is gone'));
    else if (this.peer.push(chunk)) callback();
    else this.peer.#whenRead = callback;
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.peer?.push(null);
    callback();
  }
}
