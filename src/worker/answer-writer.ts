import type { Duplex } from 'node:stream';

/** Writes answers to a stream: what one turn of the loop brings leaves as one write, and back-pressure is noted. */
export class AnswerWriter {
  readonly #stream: Duplex;
  readonly #onProgress: () => void;
  #outgoing: Buffer[] = [];
  #peerReads = true;

  /** @param onProgress called after each write, and when a peer that did not read has caught up. */
  constructor(stream: Duplex, onProgress: () => void) {
    this.#stream = stream;
    this.#onProgress = onProgress;
    stream.on('drain', () => {
      this.#peerReads = true;
      onProgress();
    });
  }

  /** Whether something waits for the end of this turn. */
  get pending(): boolean {
    return this.#outgoing.length > 0;
  }

  /** False while the peer leaves what we wrote lying. */
  get peerReads(): boolean {
    return this.#peerReads;
  }

  write(bytes: Buffer): void {
    if (this.#outgoing.push(bytes) > 1) return;
    process.nextTick(() => {
      this.#flush();
    });
  }

  #flush(): void {
    const [first, ...more] = this.#outgoing;
    this.#outgoing = [];
    if (!first || !this.#stream.writable) return;
    this.#peerReads = this.#stream.write(more.length === 0 ? first : Buffer.concat([first, ...more]));
    this.#onProgress();
  }
}
