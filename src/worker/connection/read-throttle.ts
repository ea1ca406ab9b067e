import type { Clock } from '../clock.js';
import { MIN_RETRY_MS } from '../requests/admission.js';
import type { Deadlines, Watch } from './deadlines.js';

/** Refusals within that time from which on reading pauses; a client that waits as it is told gets fewer. */
const MAX_REFUSALS = 16;

/**
 * Pauses reading from a client that goes on sending although its requests find no room. Otherwise the loop would spend
 * its time on refusals, one read and one write for each, while admitted requests wait. After the pause its input is
 * read at once.
 */
export class ReadThrottle {
  readonly #rests: Deadlines<ReadThrottle, 'rest'>;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  /** The number of refusals, and since when they are counted. */
  #refusals = 0;
  #since = -Infinity;
  /** Most connections never pause. */
  #watch: Watch<ReadThrottle, 'rest'> | undefined;
  #state: 'awake' | 'falling' | 'resting' | 'over' = 'awake';

  /** @param onChange called when `isOn` changes */
  constructor(rests: Deadlines<ReadThrottle, 'rest'>, clock: Clock, onChange: () => void) {
    this.#rests = rests;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get isOn(): boolean {
    return this.#state === 'resting';
  }

  /** A pause begins at the end of this turn, after the input that the stream already holds. */
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
    return this.#refusals >= MAX_REFUSALS;
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
