/** What lets a value be a member of one LinkedList: its links, which are the list's to set. */
export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
}

/**
 * Members in the order in which they were appended; each operation is O(1) and allocates nothing, for a member carries
 * its links itself.
 *
 * For members that come and go all the time. A Set or Map would be built anew for every few of them, and V8 has each
 * table that was given up point to the one after it. Once one of them has got old, all later ones, with what they held,
 * outlive every collection but a full one.
 */
export class LinkedList<T extends Linked<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get first(): T | undefined {
    return this.#first;
  }

  get last(): T | undefined {
    return this.#last;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether it is a member, provided that it was never one of another list. */
  has(value: T): boolean {
    return value.previous !== undefined || this.#first === value;
  }

  /** Only what is no member. */
  append(value: T): void {
    value.previous = this.#last;
    if (this.#last) this.#last.next = value;
    else this.#first = value;
    this.#last = value;
    this.#size++;
  }

  /** Only a member. Its links are cut: left in place, those of one that is old would keep all that came after it. */
  remove(value: T): void {
    const { previous, next } = value;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    value.previous = undefined;
    value.next = undefined;
    this.#size--;
  }

  /** The first of them first. */
  toArray(): T[] {
    const values: T[] = [];
    for (let value = this.#first; value; value = value.next) values.push(value);
    return values;
  }
}
