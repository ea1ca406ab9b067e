import type { DeadlineKind } from '../wire/protocol.js';
import type { Clock } from './clock.js';

/** One subject under one deadline: a link in that deadline's list. */
interface Watch<S, K> {
  readonly subject: S;
  kind: K;
  due: number;
  previous: Watch<S, K> | undefined;
  next: Watch<S, K> | undefined;
}

interface List<S, K> {
  first: Watch<S, K> | undefined;
  last: Watch<S, K> | undefined;
}

/**
 * All deadlines of a worker's connections, under one timer. Every deadline of a kind lasts equally long, so that
 * the order of insertion is the order of expiry, and a list per kind needs no sorting:
 *
 *     firstByte   ▶ A ⇄ B ⇄ C ◀ watch() appends       due of A ≤ due of B ≤ due of C
 *     request     ▶ D ◀                               the timer waits for the least of A, D, E
 *     idle        ▶ E ⇄ F ⇄ G ⇄ H ◀                   release(F) unlinks: E ⇄ G
 *
 * Both operations are O(1). The timer is not moved when its subject leaves: it fires, finds nothing due, and is
 * set again.
 */
export class Deadlines<S, K extends string = DeadlineKind> {
  readonly #durations: Readonly<Record<K, number>>;
  readonly #clock: Clock;
  readonly #onExpired: (subject: S, kind: K) => void;
  readonly #lists = new Map<K, List<S, K>>();
  readonly #watches = new Map<S, Watch<S, K>>();
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

  /** From now on the subject is under this deadline, anew, and under no other. */
  watch(subject: S, kind: K): void {
    const due = this.#clock.now() + this.#durations[kind];
    let watch = this.#watches.get(subject);
    if (watch) {
      this.#unlink(watch);
      watch.kind = kind;
      watch.due = due;
    } else {
      watch = { subject, kind, due, previous: undefined, next: undefined };
      this.#watches.set(subject, watch);
    }
    this.#append(watch);
    this.#setTimer(due);
  }

  release(subject: S): void {
    const watch = this.#watches.get(subject);
    if (!watch) return;
    this.#watches.delete(subject);
    this.#unlink(watch);
  }

  #append(watch: Watch<S, K>): void {
    const list = this.#list(watch.kind);
    watch.previous = list.last;
    watch.next = undefined;
    if (list.last) list.last.next = watch;
    else list.first = watch;
    list.last = watch;
  }

  #unlink(watch: Watch<S, K>): void {
    const list = this.#list(watch.kind);
    if (watch.previous) watch.previous.next = watch.next;
    else list.first = watch.next;
    if (watch.next) watch.next.previous = watch.previous;
    else list.last = watch.previous;
  }

  #list(kind: K): List<S, K> {
    const known = this.#lists.get(kind);
    if (known) return known;
    const list = { first: undefined, last: undefined };
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
    for (const list of this.#lists.values()) {
      for (let watch = list.first; watch && watch.due <= now; watch = list.first) {
        this.release(watch.subject);
        this.#onExpired(watch.subject, watch.kind);
      }
      if (list.first) this.#setTimer(list.first.due);
    }
  }
}
