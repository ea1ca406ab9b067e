/** The initial size, in octets, which is kept from one use to the next. */
const FIRST_ROOM = 256;
const NO_ROOM = Buffer.alloc(0);

/**
 * Collects octets that come in pieces in one buffer, whose size doubles as needed. Whatever the sizes of the pieces, it
 * takes at most twice the memory of its content, and each octet is copied a constant number of times on average.
 */
export class GrowingBuffer {
  readonly #limit: number;
  #room: Buffer = NO_ROOM;
  #length = 0;

  /** @param limit the most octets; the owner must not add more */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  /** Octets of memory that its content takes. */
  get held(): number {
    return this.#length === 0 ? 0 : this.#room.length;
  }

  /** Copies the octets: a view would keep the whole read buffer alive. */
  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#room.length) this.#widen(length);
    piece.copy(this.#room, this.#length);
    this.#length = length;
  }

  /** Its content, as a view that is valid until the next change. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  /** Its content, which then belongs to the caller; the buffer is empty afterwards. */
  take(): Buffer {
    const { bytes } = this;
    this.#length = 0;
    this.#room = NO_ROOM;
    return bytes;
  }

  /** Removes this many octets at the front. */
  drop(count: number): void {
    const left = this.#length - count;
    if (left <= 0) this.clear();
    else {
      this.#room.copy(this.#room, 0, count, this.#length);
      this.#length = left;
    }
  }

  /** Removes all. A small buffer is kept for the next use. */
  clear(): void {
    this.#length = 0;
    if (this.#room.length > FIRST_ROOM) this.#room = NO_ROOM;
  }

  #widen(length: number): void {
    const room = Math.max(length, Math.min(this.#limit, Math.max(FIRST_ROOM, this.#room.length * 2)));
    // Not from Node's pool: a few octets would keep all of it alive.
    const wider = Buffer.allocUnsafeSlow(room);
    this.#room.copy(wider, 0, 0, this.#length);
    this.#room = wider;
  }
}
