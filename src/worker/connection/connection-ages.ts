import type { Clock } from '../clock.js';
import { Deadlines, type Watch } from './deadlines.js';

/** Shares of the highest age, one of which each connection gets: clients that came together do not go together. */
const SHARES = ['0.9', '0.95', '1', '1.05', '1.1'] as const;

type Share = (typeof SHARES)[number];

/** Watches connections grow old, under one timer. */
export class ConnectionAges<C> {
  readonly #deadlines: Deadlines<C, Share> | undefined;
  #turn = 0;

  /** @param maxAge milliseconds, give or take a tenth; 0: nothing is too old. */
  constructor(maxAge: number, clock: Clock, onOld: (connection: C) => void) {
    if (maxAge === 0) return;
    const durations = Object.fromEntries(SHARES.map((share) => [share, maxAge * Number(share)]));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each share
    this.#deadlines = new Deadlines<C, Share>(durations as Record<Share, number>, clock, onOld);
  }

  /** `undefined` where nothing is too old. */
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
