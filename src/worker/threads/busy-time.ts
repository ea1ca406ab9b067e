import type { Clock } from '../clock.js';

/** Sums the busy time of all threads. */
export class BusyTime {
  readonly #clock: Clock;
  #busy = 0;
  #total = 0;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** A thread becomes busy. */
  begin(): void {
    this.#add();
    this.#busy += 1;
  }

  /** A thread becomes idle. */
  end(): void {
    this.#add();
    this.#busy -= 1;
  }

  /** Busy milliseconds of all threads since the start. */
  total(): number {
    this.#add();
    return this.#total;
  }

  #add(): void {
    const now = this.#clock.now();
    this.#total += this.#busy * (now - this.#since);
    this.#since = now;
  }
}

/** The share of time that the threads were busy since the last call, 0…1. */
export class BusyShare {
  readonly #clock: Clock;
  readonly #busyTime: BusyTime;
  #total: number;
  #askedAt: number;

  constructor(busyTime: BusyTime, clock: Clock) {
    this.#clock = clock;
    this.#busyTime = busyTime;
    this.#total = busyTime.total();
    this.#askedAt = clock.now();
  }

  sinceLastAsked(threads: number): number {
    const [total, now] = [this.#busyTime.total(), this.#clock.now()];
    const possible = threads * (now - this.#askedAt);
    const share = possible > 0 ? Math.min((total - this.#total) / possible, 1) : 0;
    this.#total = total;
    this.#askedAt = now;
    return share;
  }
}
