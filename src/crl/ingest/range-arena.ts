/** Words that a range takes at once. */
const CHUNK_WORDS = 4096;

/** Consecutive words of a range. */
export interface Stretch {
  readonly words: Int32Array;
  readonly from: number;
  readonly to: number;
}

/**
 * Ranges of words that grow in parallel, in chunks. The chunks are in the already read part of the list of entries,
 * since allocating so much memory takes long. Only chunks without room there are allocated, about one for each range.
 *
 *     list of entries │ range 0 │ range 1 │ range 0 │ … │ not read yet │
 */
export class RangeArena {
  /** For the last chunk of each range: its start, its next word, which its writer advances, and its end. */
  readonly current: Int32Array[];
  readonly next: Int32Array;
  readonly limits: Int32Array;
  /** The start of the range, and the used parts of its earlier chunks. */
  readonly #starts: Int32Array;
  readonly #full: Stretch[][];
  /** The list as words, where it starts in octets, and how many of its words are chunks already. */
  readonly #list: Int32Array;
  readonly #listFrom: number;
  #listUsed = 0;

  /** @param bytes overwritten between `from` and `to`, as `startChunk` allows */
  constructor(ranges: number, bytes: Uint8Array, from: number, to: number) {
    const aligned = Math.ceil((bytes.byteOffset + from) / 4) * 4;
    const end = bytes.byteOffset + to;
    this.#list = new Int32Array(bytes.buffer, aligned, Math.max(0, Math.floor((end - aligned) / 4)));
    this.#listFrom = aligned - bytes.byteOffset;
    this.next = new Int32Array(ranges);
    this.limits = new Int32Array(ranges).fill(CHUNK_WORDS);
    this.current = Array.from({ length: ranges }, () => new Int32Array(CHUNK_WORDS));
    this.#starts = new Int32Array(ranges);
    this.#full = Array.from({ length: ranges }, () => []);
  }

  get ranges(): number {
    return this.next.length;
  }

  /**
   * For a piece of `count` words that does not fit into the range's last chunk.
   *
   * @param read whatever of the bytes comes before is not needed any more
   */
  startChunk(range: number, count: number, read: number): void {
    this.#full[range]!.push(this.#lastOf(range));
    const size = Math.ceil(count / CHUNK_WORDS) * CHUNK_WORDS;
    const isFree = this.#listFrom + 4 * (this.#listUsed + size) <= read;
    const start = isFree ? this.#listUsed : 0;
    if (isFree) this.#listUsed += size;
    this.current[range] = isFree ? this.#list : new Int32Array(size);
    this.#starts[range] = start;
    this.next[range] = start;
    this.limits[range] = start + size;
  }

  /** Words taken by all ranges. */
  get used(): number {
    let used = 0;
    for (let range = 0; range < this.ranges; range++) used += this.usedBy(range);
    return used;
  }

  usedBy(range: number): number {
    return this.stretches(range).reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** The words of a range, in order. */
  stretches(range: number): readonly Stretch[] {
    return [...this.#full[range]!, this.#lastOf(range)];
  }

  #lastOf(range: number): Stretch {
    return { words: this.current[range]!, from: this.#starts[range]!, to: this.next[range]! };
  }
}
