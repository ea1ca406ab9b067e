import type { Clock } from '../../src/worker/clock.js';

/** A clock that stands until it is turned. */
export class FakeClock implements Clock {
  #now = 1000;
  #timers = new Map<number, { readonly due: number; readonly callback: () => void }>();
  #last = 0;

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void): () => void {
    const id = ++this.#last;
    this.#timers.set(id, { due: this.#now + delay, callback });
    return () => {
      this.#timers.delete(id);
    };
  }

  /** Lets time pass, and runs what falls due on the way at its own time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#firstDue(end); next; next = this.#firstDue(end)) {
      const [id, timer] = next;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, timer.due);
      timer.callback();
    }
    this.#now = end;
  }

  #firstDue(end: number): [number, { readonly due: number; readonly callback: () => void }] | undefined {
    return [...this.#timers].filter(([, { due }]) => due <= end).toSorted(([, a], [, b]) => a.due - b.due)[0];
  }
}
