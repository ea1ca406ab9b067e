import { type Linked, LinkedList } from '../../linked-list.js';
import type { DeadlineKind } from '../../wire/protocol.js';
import type { Clock } from '../clock.js';

/** One subject, a member of the list of its current deadline. */
export interface Watch<S, K> extends Linked<Watch<S, K>> {
  readonly subject: S;
  /** `undefined`: it has no deadline. */
  kind: K | undefined;
  due: number;
}

/**
 * All deadlines of a worker's connections, under one timer. Every deadline of a kind lasts equally long, so that
 * the order of insertion is the order of expiry, and a list per kind needs no sorting:
 *
 *     firstByte   ▶ A ⇄ B ⇄ C ◀ watch() appends       due of A ≤ due of B ≤ due of C
 *     request     ▶ D ◀                               the timer waits for the least of A, D, E
 *     idle        ▶ E ⇄ F ⇄ G ⇄ H ◀                   release(F) unlinks: E ⇄ G
 *
 * Subjects keep their Watch, so that nothing is looked up. Both operations are O(1). The timer is not moved when its
 * subject leaves: it fires, finds nothing due, and is set again.
 */
export class Deadlines<S, K extends string = DeadlineKind> {
  readonly #durations: Readonly<Record<K, number>>;
  readonly #clock: Clock;
  readonly #onExpired: (subject: S, kind: K) => void;
  readonly #lists = new Map<K, LinkedList<Watch<S, K>>>();
  #timerDue = Infinity;
  #cancelTimer: (() => void) | undefined;

  /** @param durations milliseconds for each kind. */
  constructor(
    durations: Readonly<Record<K, number>>,
    clock: Clock,
    onExpired: (subject: S, kind: K) => void,
  ) {
    this.#durations = durations;
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** A watch for a subject without a deadline. */
  of(subject: S): Watch<S, K> {
    return { subject, kind: undefined, due: 0, previous: undefined, next: undefined };
  }

  /** Starts this deadline for the subject, instead of any other. */
  watch(watch: Watch<S, K>, kind: K): void {
    this.release(watch);
    watch.kind = kind;
    watch.due = this.#clock.now() + this.#durations[kind];
    this.#list(kind).append(watch);
    this.#setTimer(watch.due);
  }

  release(watch: Watch<S, K>): void {
    if (watch.kind === undefined) return;
    this.#list(watch.kind).remove(watch);
    watch.kind = undefined;
  }

  #list(kind: K): LinkedList<Watch<S, K>> {
    const known = this.#lists.get(kind);
    if (known) return known;
    const list = new LinkedList<Watch<S, K>>();
    this.#lists.set(kind, list);
    return list;
  }

  #setTimer(due: number): void {
    if (due >= this.#timerDue) return;
    this.#cancelTimer?.();
    this.#timerDue = due;
    this.#cancelTimer = this.#clock.after(Math.max(0, due - this.#clock.now()), () => {
      this.#timerDue = Infinity;
      this.#cancelTimer = undefined;
      this.#expire();
    });
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const [kind, list] of this.#lists) {
      for (let watch = list.first; watch && watch.due <= now; watch = list.first) {
        this.release(watch);
        this.#onExpired(watch.subject, kind);
      }
      if (list.first) this.#setTimer(list.first.due);
    }
  }
}
