import type { Duplex } from 'node:stream';

/** Bytes of one turn of the loop beyond which no more should be added. */
const FULL = 64 * 1024;

/** Writes answers to a stream: the answers of one turn of the loop are one write, and back-pressure is noted. */
export class AnswerWriter {
  readonly #stream: Duplex;
  readonly #onProgress: () => void;
  #outgoing: Buffer[] = [];
  #size = 0;
  #peerReads = true;

  /** @param onProgress called after each write, and when a slow peer has caught up */
  constructor(stream: Duplex, onProgress: () => void) {
    this.#stream = stream;
    this.#onProgress = onProgress;
    stream.on('drain', () => {
      this.#peerReads = true;
      onProgress();
    });
  }

  /** Whether bytes wait for the end of this turn. */
  get pending(): boolean {
    return this.#outgoing.length > 0;
  }

  /** Whether too many bytes wait for the end of this turn. */
  get full(): boolean {
    return this.#size >= FULL;
  }

  /** False while the peer does not read what was written. */
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
