/** What is set aside at first, in octets; and kept from one use to the next. */
const FIRST_ROOM = 256;
const NO_ROOM = Buffer.alloc(0);

/**
 * Octets that come in pieces, in one buffer that doubles as they come: whatever the sizes of the pieces, it takes at
 * most twice the memory of what it holds, and each octet is copied a constant number of times on average.
 */
export class GrowingBuffer {
  readonly #limit: number;
  #room: Buffer = NO_ROOM;
  #length = 0;

  /** @param limit octets that it may hold; the owner does not add more. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  /** Octets of memory that are set aside for what it holds. */
  get held(): number {
    return this.#length === 0 ? 0 : this.#room.length;
  }

  /** Copies them: a view would keep all of what they were read with. */
  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#room.length) this.#widen(length);
    piece.copy(this.#room, this.#length);
    this.#length = length;
  }

  /** What it holds, as a view that stands until the next change. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  /** The same, as the caller's own: it holds nothing any more. */
  take(): Buffer {
    const { bytes } = this;
    this.#length = 0;
    this.#room = NO_ROOM;
    return bytes;
  }

  /** Drops so many octets at the front. */
  drop(count: number): void {
    const left = this.#length - count;
    if (left <= 0) this.clear();
    else {
      this.#room.copy(this.#room, 0, count, this.#length);
      this.#length = left;
    }
  }

  /** Drops all. A small buffer stays, for one that often holds a little would else need a new one each time. */
  clear(): void {
    this.#length = 0;
    if (this.#room.length > FIRST_ROOM) this.#room = NO_ROOM;
  }

  #widen(length: number): void {
    const room = Math.max(length, Math.min(this.#limit, Math.max(FIRST_ROOM, this.#room.length * 2)));
    // Not of a pool, all of which a few octets would keep as long as the rest does not come.
    const wider = Buffer.allocUnsafeSlow(room);
    this.#room.copy(wider, 0, 0, this.#length);
    this.#room = wider;
  }
}
