import type { Replacement } from '../../wire/control.js';

/** The most entries. */
const MAX = 8;

/** The last workers that had to be replaced, and why. */
export class ReplacementList {
  #entries: { readonly worker: number; readonly pid: number; readonly at: number; readonly why: string }[] =
    [];

  /** @param at milliseconds, on the same clock as the argument of `list` */
  add({ worker, pid }: { readonly worker: number; readonly pid: number }, at: number, why: string): void {
    this.#entries = [...this.#entries, { worker, pid, at, why }].slice(-MAX);
  }

  /** Oldest first. */
  list(now: number): Replacement[] {
    return this.#entries.map(({ worker, pid, at, why }) => ({ worker, pid, ago: Math.round(now - at), why }));
  }
}
