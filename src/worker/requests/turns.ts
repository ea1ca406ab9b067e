/** One that takes turns with its like. The fields are set by its `Turns`, but for `expected`. */
export interface Turn {
  /** Microseconds of thread time that it has had; set forward to the present when it comes back after a pause. */
  virtualTime: number;
  /** Microseconds of thread time that its next task probably costs. */
  expected: number;
  /** Its virtual time once that task is done: the smallest has the next turn. */
  rank: number;
  /** When it entered, for those of one rank. */
  order: number;
  /** Its place in the heap; −1 while nothing of it waits. */
  slot: number;
}

/**
 * Fair queueing by virtual time. Each member has a clock that only its own tasks move, by the thread time they cost, and
 * the next turn is that of the member whose clock will be the least advanced when its next task is done. So members
 * that have something waiting all the time share the threads evenly, and one that asks little, or cheap things, waits
 * for no backlog but its own.
 *
 * What a task costs is known only when it has run: it is charged by an estimate first, and corrected then. The present
 * is the virtual time of a member that comes back after a pause: not behind the clock of the last that had a turn, and
 * moved by every task as much as it moves the clocks on average. Without that those that wait could be passed for ever
 * by members that are new each time.
 *
 * A turn, and every change of a clock, is O(log n) in the members that wait, and O(1) for one alone.
 */
export class Turns<T extends Turn> {
  /** A binary heap by rank. */
  readonly #heap: T[] = [];
  #present = 0;
  #entered = 0;

  /** Whose turn is next. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  /** Those that wait for a turn, in no order. */
  get waiting(): readonly T[] {
    return this.#heap;
  }

  /** Something of a member waits of which nothing did. */
  enter(turn: T): void {
    if (turn.virtualTime < this.#present) turn.virtualTime = this.#present;
    turn.rank = turn.virtualTime + turn.expected;
    turn.order = this.#entered++;
    turn.slot = this.#heap.length;
    this.#heap.push(turn);
    this.#rise(turn, turn.slot);
  }

  /** Nothing of a member waits any more. */
  leave(turn: T): void {
    const { slot } = turn;
    const last = this.#heap.pop();
    if (last !== undefined && last !== turn) {
      if (isBefore(last, turn)) this.#rise(last, slot);
      else this.#sink(last, slot);
    }
    turn.slot = -1;
  }

  /** A member has a turn, which is charged so many microseconds ahead. */
  begin(turn: T, cost: number): void {
    if (turn.virtualTime > this.#present) this.#present = turn.virtualTime;
    turn.virtualTime += cost;
    this.#rank(turn);
  }

  /**
   * A turn has cost other than was charged ahead.
   * @param correction microseconds more; negative for less.
   * @param cost microseconds in all, once that is known; 0 before.
   */
  correct(turn: T, correction: number, cost: number): void {
    // The members that share the threads are those that wait, and this one.
    this.#present += cost / (this.#heap.length + 1);
    turn.virtualTime += correction;
    this.#rank(turn);
  }

  #rank(turn: T): void {
    const before = turn.rank;
    turn.rank = turn.virtualTime + turn.expected;
    if (turn.slot < 0 || this.#heap.length === 1) return;
    if (turn.rank > before) this.#sink(turn, turn.slot);
    else this.#rise(turn, turn.slot);
  }

  /** Puts it into this slot, or one above that. */
  #rise(turn: T, from: number): void {
    let slot = from;
    while (slot > 0) {
      const above = this.#heap[(slot - 1) >> 1];
      if (above === undefined || !isBefore(turn, above)) break;
      const { slot: itsSlot } = above;
      this.#place(above, slot);
      slot = itsSlot;
    }
    this.#place(turn, slot);
  }

  /** Puts it into this slot, or one below that. */
  #sink(turn: T, from: number): void {
    let slot = from;
    for (;;) {
      const left = this.#heap[slot * 2 + 1];
      if (left === undefined) break;
      const right = this.#heap[slot * 2 + 2];
      const least = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(least, turn)) break;
      const { slot: itsSlot } = least;
      this.#place(least, slot);
      slot = itsSlot;
    }
    this.#place(turn, slot);
  }

  #place(turn: T, slot: number): void {
    turn.slot = slot;
    this.#heap[slot] = turn;
  }
}

function isBefore(one: Turn, other: Turn): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.order < other.order);
}
