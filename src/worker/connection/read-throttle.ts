import type { Clock } from '../clock.js';
import { MIN_RETRY_MS } from '../requests/admission.js';
import type { Deadlines, Watch } from './deadlines.js';

/** Refusals within as long a time at which it rests: a client that waits as it is told hardly gets so many. */
const PATIENCE = 16;

/**
 * The rest of a connection whose client goes on although its requests find no room. It would have the loop spend its
 * time on refusals, one read and one write for each, while those that were admitted wait. So what it sends is left to
 * the kernel for a moment, and then looked at together.
 */
export class ReadThrottle {
  readonly #rests: Deadlines<ReadThrottle, 'rest'>;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  /** Refusals, and since when they are counted. */
  #refusals = 0;
  #since = -Infinity;
  /** Most connections never rest. */
  #watch: Watch<ReadThrottle, 'rest'> | undefined;
  #state: 'awake' | 'falling' | 'resting' | 'over' = 'awake';

  /** @param onChange `isOn` is another than before. */
  constructor(rests: Deadlines<ReadThrottle, 'rest'>, clock: Clock, onChange: () => void) {
    this.#rests = rests;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get isOn(): boolean {
    return this.#state === 'resting';
  }

  /** A rest begins at the end of this turn: what the stream holds already is taken before. */
  refused(): void {
    if (this.#state !== 'awake' || !this.#isImpatient()) return;
    this.#state = 'falling';
    setImmediate(() => {
      if (this.#state !== 'falling') return;
      this.#state = 'resting';
      this.#watch ??= this.#rests.of(this);
      this.#rests.watch(this.#watch, 'rest');
      this.#onChange();
    });
  }

  end(): void {
    if (this.#state === 'over' || this.#state === 'awake') return;
    this.#state = 'awake';
    this.#release();
    this.#onChange();
  }

  #isImpatient(): boolean {
    const now = this.#clock.now();
    if (now - this.#since > MIN_RETRY_MS) {
      this.#since = now;
      this.#refusals = 0;
    }
    this.#refusals++;
    return this.#refusals >= PATIENCE;
  }

  /** The connection is closed. */
  cancel(): void {
    this.#state = 'over';
    this.#release();
  }

  #release(): void {
    if (this.#watch) this.#rests.release(this.#watch);
  }
}
