/** Words that a range takes at once. */
const CHUNK = 4096;

/** Consecutive words of a range. */
export interface Stretch {
  readonly words: Int32Array;
  readonly from: number;
  to: number;
}

/**
 * Ranges of words that grow side by side, in chunks. The chunks lie where the list of entries did, as far as it is
 * read: a system takes long to hand out so much memory. Only what there is no such room for is allocated, which is
 * about one chunk for each range.
 *
 *     list of entries │ range 0 │ range 1 │ range 0 │ … │ not read yet │
 */
export class RangeArena {
  /** Where the piece that was taken last lies. */
  words: Int32Array;
  /** By range, of its last chunk: where it lies, the next word and the end. */
  readonly #current: Int32Array[];
  readonly #next: Uint32Array;
  readonly #limits: Uint32Array;
  readonly #stretches: Stretch[][];
  /** The list as words, where it starts in octets, and how many of its words are chunks already. */
  readonly #list: Int32Array;
  readonly #listFrom: number;
  #listUsed = 0;

  /** @param bytes overwritten between `from` and `to`, as `take` allows */
  constructor(ranges: number, bytes: Uint8Array, from: number, to: number) {
    const aligned = Math.ceil((bytes.byteOffset + from) / 4) * 4;
    const end = bytes.byteOffset + to;
    this.#list = new Int32Array(bytes.buffer, aligned, Math.max(0, Math.floor((end - aligned) / 4)));
    this.#listFrom = aligned - bytes.byteOffset;
    this.words = this.#list;
    this.#next = new Uint32Array(ranges);
    this.#limits = new Uint32Array(ranges);
    this.#current = Array.from({ length: ranges }, () => this.#list);
    this.#stretches = Array.from({ length: ranges }, () => []);
  }

  get ranges(): number {
    return this.#next.length;
  }

  /**
   * Where in `words` the next piece of a range goes: `count` words, one after the other.
   *
   * @param read whatever of the bytes comes before is not needed any more
   */
  take(range: number, count: number, read: number): number {
    let at = this.#next[range]!;
    if (at + count > this.#limits[range]!) at = this.#startChunk(range, count, read);
    this.#next[range] = at + count;
    this.words = this.#current[range]!;
    return at;
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

  /** What a range has taken, in order. */
  stretches(range: number): readonly Stretch[] {
    const stretches = this.#stretches[range]!;
    this.#endStretch(range);
    return stretches;
  }

  #startChunk(range: number, count: number, read: number): number {
    this.#endStretch(range);
    const size = Math.ceil(count / CHUNK) * CHUNK;
    const from = this.#listUsed;
    const isFree = this.#listFrom + 4 * (from + size) <= read;
    if (isFree) this.#listUsed += size;
    const stretch = isFree
      ? { words: this.#list, from, to: from }
      : { words: new Int32Array(size), from: 0, to: 0 };
    this.#stretches[range]!.push(stretch);
    this.#current[range] = stretch.words;
    this.#limits[range] = stretch.from + size;
    return stretch.from;
  }

  #endStretch(range: number): void {
    const last = this.#stretches[range]!.at(-1);
    if (last !== undefined) last.to = this.#next[range]!;
  }
}
