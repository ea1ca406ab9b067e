import type { Deadlines } from './deadlines.js';

/** How long a connection is left unread, in milliseconds. No client is told to come again sooner. */
export const REST = 250;

/**
 * The rest of a connection after a request of it found no room. A client that goes on all the same would have the loop
 * spend its time on refusals, one read and one write for each, while those that were admitted wait. So what it sends
 * is left to the kernel for a moment, and then looked at together.
 */
export class Rest {
  readonly #rests: Deadlines<Rest, 'rest'>;
  readonly #onChange: () => void;
  #state: 'awake' | 'falling' | 'resting' | 'over' = 'awake';

  /** @param onChange `isOn` is another than before. */
  constructor(rests: Deadlines<Rest, 'rest'>, onChange: () => void) {
    this.#rests = rests;
    this.#onChange = onChange;
  }

  get isOn(): boolean {
    return this.#state === 'resting';
  }

  /** It begins at the end of this turn: what the stream holds already is taken before. */
  begin(): void {
    if (this.#state !== 'awake') return;
    this.#state = 'falling';
    setImmediate(() => {
      if (this.#state !== 'falling') return;
      this.#state = 'resting';
      this.#rests.watch(this, 'rest');
      this.#onChange();
    });
  }

  end(): void {
    if (this.#state === 'over' || this.#state === 'awake') return;
    this.#state = 'awake';
    this.#rests.release(this);
    this.#onChange();
  }

  /** The connection is closed. */
  cancel(): void {
    this.#state = 'over';
    this.#rests.release(this);
  }
}
