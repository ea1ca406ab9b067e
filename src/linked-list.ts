/** The links that make a value a member of one LinkedList; only the list sets them. */
export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
}

/**
 * Members in the order in which they were appended. Each operation is O(1) and allocates nothing, since a member
 * carries its own links.
 *
 * Use it for members that come and go all the time. V8 rebuilds the table of a Set or Map every few changes, and each
 * abandoned table points to its successor. Once one table is in the old generation, all later ones and their contents
 * survive until a full collection.
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

  /** Whether the value is a member. It must never have been a member of another list. */
  has(value: T): boolean {
    return value.previous !== undefined || this.#first === value;
  }

  /** The value must not be a member. */
  append(value: T): void {
    value.previous = this.#last;
    if (this.#last) this.#last.next = value;
    else this.#first = value;
    this.#last = value;
    this.#size++;
  }

  /**
   * The value must be a member. Its links are cleared: those of a value in the old generation would keep all later
   * members alive.
   */
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

  /** In order, the first member first. */
  toArray(): T[] {
    const values: T[] = [];
    for (let value = this.#first; value; value = value.next) values.push(value);
    return values;
  }
}
