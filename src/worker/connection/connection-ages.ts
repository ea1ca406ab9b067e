import type { Clock } from '../clock.js';
import { Deadlines, type Watch } from './deadlines.js';

/**
 * Parts of the maximum age. Each connection gets one of them, so that clients that came together do not leave together.
 */
const SHARES = ['0.9', '0.95', '1', '1.05', '1.1'] as const;

type Share = (typeof SHARES)[number];

/** Ends connections at their maximum age, with one timer. */
export class ConnectionAges<C> {
  readonly #deadlines: Deadlines<C, Share> | undefined;
  #turn = 0;

  /** @param maxAge milliseconds, give or take a tenth; 0: unlimited */
  constructor(maxAge: number, clock: Clock, onOld: (connection: C) => void) {
    if (maxAge === 0) return;
    const durations = Object.fromEntries(SHARES.map((share) => [share, maxAge * Number(share)]));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each share
    this.#deadlines = new Deadlines<C, Share>(durations as Record<Share, number>, clock, onOld);
  }

  /** `undefined` if the age is unlimited. */
  watch(connection: C): Watch<C, Share> | undefined {
    const watch = this.#deadlines?.of(connection);
    this.#turn = (this.#turn + 1) % SHARES.length;
    if (watch) this.#deadlines?.watch(watch, SHARES[this.#turn] ?? '1');
    return watch;
  }

  forget(watch: Watch<C, Share> | undefined): void {
    if (watch) this.#deadlines?.release(watch);
  }
}
