/**
 * A monotonic clock in milliseconds that counts only time in which this process was able to look. It is ticked
 * every `period`; where a tick comes late (a suspended machine, SIGSTOP, a starved loop) no more than two periods
 * are counted for it. Deadlines set on it never punish a worker for the supervisor's own absence.
 *
 *     real   ──┬────┬────┬─────────────────────────┬────┬──▶
 *     counted ─┴────┴────┴────────┘                └────┴──▶
 */
export class AttentiveClock {
  #period: number;
  readonly #real: () => number;
  #counted = 0;
  #lastTick: number;

  /** @param period Milliseconds between two ticks. @param real A monotonic clock in milliseconds. */
  constructor(period: number, real: () => number) {
    this.#period = period;
    this.#real = real;
    this.#lastTick = real();
  }

  now(): number {
    return this.#counted + Math.min(this.#real() - this.#lastTick, 2 * this.#period);
  }

  /** Sets another period for the ticks. */
  setPeriod(period: number): void {
    this.tick();
    this.#period = period;
  }

  tick(): void {
    this.#counted = this.now();
    this.#lastTick = this.#real();
  }
}
