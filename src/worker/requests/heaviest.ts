import { type Linked, LinkedList } from '../../linked-list.js';

/** A member that takes places. */
export interface Weighed<T> extends Linked<T> {
  places: number;
}

/**
 * Finds the member with the most places, to within a factor of two, in O(1): members are kept in classes by powers of
 * two, and most changes leave a member in its class.
 *
 *     places   1    2–3   4–7   8–15 …
 *     class    1     2     3     4        any of the highest class is the heaviest
 */
export class Heaviest<T extends Weighed<T>> {
  readonly #classes: (LinkedList<T> | undefined)[] = [];
  /** The bit of each class that has members. */
  #taken = 0;

  /** To be called when a member has taken or given up places. */
  changed(member: T, before: number): void {
    const from = classOf(before);
    const to = classOf(member.places);
    if (from === to) return;
    if (from > 0) this.#leave(member, from);
    if (to > 0) this.#join(member, to);
  }

  get first(): T | undefined {
    return this.#classes[classOf(this.#taken)]?.first;
  }

  #leave(member: T, of: number): void {
    const members = this.#classes[of];
    members?.remove(member);
    if (members?.size === 0) this.#taken &= ~(1 << (of - 1));
  }

  #join(member: T, to: number): void {
    const members = (this.#classes[to] ??= new LinkedList<T>());
    members.append(member);
    this.#taken |= 1 << (to - 1);
  }
}

/** The number of binary digits; 0 has none. */
function classOf(places: number): number {
  return 32 - Math.clz32(places);
}
