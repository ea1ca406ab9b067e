/** A member that takes turns. Its `Turns` sets all fields but `expected`. */
export interface Turn {
  /** Microseconds of thread time that it has had; set to the present when it comes back after a pause. */
  virtualTime: number;
  /** The expected cost of its next task, in microseconds of thread time. */
  expected: number;
  /** Its virtual time once that task is done: the member with the smallest has the next turn. */
  rank: number;
  /** The order of entry, for members of equal rank. */
  order: number;
  /** Its index in the heap; −1 while it has nothing waiting. */
  slot: number;
}

/**
 * Fair queueing by virtual time. Each member has a clock that its own tasks advance by the thread time that they cost.
 * The next turn goes to the member whose clock will be the lowest when its next task is done. So members that always
 * have tasks waiting share the threads evenly, and a member with few or cheap tasks waits only for its own backlog.
 *
 * The cost of a task is known only when it has run: it is charged by an estimate first, and corrected later. A member
 * that comes back after a pause gets the present as its virtual time: not less than the clock of the last member that
 * had a turn, and advanced by every task as much as that advances the clocks on average. Otherwise ever new members
 * could overtake waiting ones for ever.
 *
 * A turn, and every change of a clock, is O(log n) in the waiting members, and O(1) for a single one.
 */
export class Turns<T extends Turn> {
  /** A binary heap by rank. */
  readonly #heap: T[] = [];
  #present = 0;
  #entered = 0;

  /** The member whose turn is next. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  /** The waiting members, in no order. */
  get waiting(): readonly T[] {
    return this.#heap;
  }

  /** To be called when a member gets its first waiting task. */
  enter(turn: T): void {
    if (turn.virtualTime < this.#present) turn.virtualTime = this.#present;
    turn.rank = turn.virtualTime + turn.expected;
    turn.order = this.#entered++;
    turn.slot = this.#heap.length;
    this.#heap.push(turn);
    this.#rise(turn, turn.slot);
  }

  /** To be called when a member has no waiting task any more. */
  leave(turn: T): void {
    const { slot } = turn;
    const last = this.#heap.pop();
    if (last !== undefined && last !== turn) {
      if (isBefore(last, turn)) this.#rise(last, slot);
      else this.#sink(last, slot);
    }
    turn.slot = -1;
  }

  /** A member has a turn, for which it is charged so many microseconds in advance. */
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
    // The threads are shared by the waiting members and this one.
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

  /** Puts it into this slot, or moves it up. */
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

  /** Puts it into this slot, or moves it down. */
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
