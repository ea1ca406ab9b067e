import { randomInt } from 'node:crypto';

/** The least number of slots of a map that is not empty. */
const MIN_SLOTS = 8;
/** The table of maps that were never filled. */
const NO_KEYS = new Int32Array(2);
const NO_VALUES: undefined[] = [undefined, undefined];
/** Odd, and secret: a client that chooses keys cannot make them collide in one slot. */
const FACTOR = randomInt(2 ** 31) * 2 + 1;

/**
 * Values by 32-bit integers, signed or not, for entries that come and go all the time. A deleted entry leaves no trace,
 * so the table is rebuilt only to grow. (Why not a Map: see LinkedList.)
 *
 *     set(7), set(3)   home of both ─▶ [ 7 ][ 3 ][   ]    whose home is taken goes on to the next free slot
 *     delete(7)                        [ 3 ][   ][   ]    and comes back when there is room
 */
export class NumberMap<T extends number | string | object> {
  #keys = NO_KEYS;
  #values: (T | undefined)[] = NO_VALUES;
  /** How far a 32-bit product is shifted to give a slot number. */
  #shift = 31;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): T | undefined {
    return this.#values[this.#slotOf(key | 0)];
  }

  has(key: number): boolean {
    return this.get(key) !== undefined;
  }

  set(key: number, value: T): void {
    if ((this.#size + 1) * 2 >= this.#values.length) this.#grow();
    const slot = this.#slotOf(key | 0);
    if (this.#values[slot] === undefined) this.#size++;
    this.#keys[slot] = key;
    this.#values[slot] = value;
  }

  delete(key: number): void {
    let free = this.#slotOf(key | 0);
    if (this.#values[free] === undefined) return;
    const mask = this.#values.length - 1;
    for (let slot = (free + 1) & mask; this.#values[slot] !== undefined; slot = (slot + 1) & mask) {
      const moved = this.#keys[slot] ?? 0;
      // Move an entry only if its home is not between the free slot and its own slot.
      if (((slot - this.#homeOf(moved)) & mask) < ((slot - free) & mask)) continue;
      this.#keys[free] = moved;
      this.#values[free] = this.#values[slot];
      free = slot;
    }
    this.#values[free] = undefined;
    this.#size--;
  }

  /** The slot that holds the key, or would hold it. */
  #slotOf(key: number): number {
    const mask = this.#values.length - 1;
    let slot = this.#homeOf(key);
    while (this.#values[slot] !== undefined && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #homeOf(key: number): number {
    return Math.imul(key, FACTOR) >>> this.#shift;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    const slots = Math.max(MIN_SLOTS, values.length * 2);
    this.#keys = new Int32Array(slots);
    this.#values = Array.from({ length: slots });
    this.#shift = Math.clz32(slots) + 1;
    this.#size = 0;
    for (const [at, value] of values.entries()) if (value !== undefined) this.set(keys[at] ?? 0, value);
  }
}
