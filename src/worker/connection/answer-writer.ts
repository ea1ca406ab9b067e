import type { Duplex } from 'node:stream';

/** Bytes for one turn of the loop at which no more should be added. */
const FULL = 64 * 1024;

/** Writes answers to a stream: what one turn of the loop brings leaves as one write, and back-pressure is noted. */
export class AnswerWriter {
  readonly #stream: Duplex;
  readonly #onProgress: () => void;
  #outgoing: Buffer[] = [];
  #size = 0;
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

  /** Whether more waits for the end of this turn than should. */
  get full(): boolean {
    return this.#size >= FULL;
  }

  /** False while the peer leaves what we wrote lying. */
  get peerReads(): boolean {
    return this.#peerReads;
  }

  write(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#outgoing.push(bytes) > 1) return;
    process.nextTick(() => {
      this.#flush();
    });
  }

  #flush(): void {
    const outgoing = this.#outgoing;
    const size = this.#size;
    this.#outgoing = [];
    this.#size = 0;
    const [first] = outgoing;
    if (!first || !this.#stream.writable) return;
    this.#peerReads = this.#stream.write(outgoing.length === 1 ? first : Buffer.concat(outgoing, size));
    this.#onProgress();
  }
}
