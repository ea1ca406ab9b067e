import type { Logger } from '../../log.js';
import { nextStep, type ScalingBounds, UNSCALED } from '../../scaling-policy.js';
import { BusyShare } from './busy-time.js';
import type { Clock } from '../clock.js';
import type { RequestQueue } from '../requests/request-queue.js';
import type { ThreadPool } from './thread-pool.js';

/** Milliseconds between two samples. */
const SAMPLE_PERIOD_MS = 1000;

/** Changes the number of a worker's threads with their load. */
export class ThreadScaler {
  readonly #pool: ThreadPool;
  readonly #queue: RequestQueue;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #bounds: ScalingBounds;
  readonly #busy: BusyShare;
  #state = UNSCALED;

  constructor(pool: ThreadPool, queue: RequestQueue, bounds: ScalingBounds, clock: Clock, log: Logger) {
    this.#pool = pool;
    this.#queue = queue;
    this.#clock = clock;
    this.#log = log;
    this.#bounds = bounds;
    this.#busy = new BusyShare(pool.busyTime, clock);
  }

  start(): void {
    this.#clock.after(SAMPLE_PERIOD_MS, () => {
      this.#sample();
      this.start();
    });
  }

  #sample(): void {
    const count = this.#pool.wanted;
    const busy = this.#busy.sinceLastAsked(count);
    if (!this.#pool.settled) return;
    const oldestWait = this.#queue.oldestWait(this.#clock.now());
    const { state, step } = nextStep(this.#state, { count, busy, oldestWait, pending: 0 }, this.#bounds);
    this.#state = state;
    if (step === 0) return;
    this.#log.info('task threads are scaled', { from: count, to: count + step });
    this.#pool.resize(count + step);
  }
}
