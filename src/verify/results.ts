import type { Failure } from './failure.js';
import { failed, isMoreSpecific } from './verdict.js';
import type { Outcome } from './outcome.js';

/** Keeps the most telling of the outcomes, or the one that settles it. */
export class Results {
  #best: Outcome | undefined;
  #isSettled = false;

  add(outcome: Outcome): void {
    if (this.#isSettled) return;
    if (this.#best === undefined || isMoreSpecific(outcome, this.#best)) this.#best = outcome;
  }

  deadEnd(failure: Failure): void {
    this.add(failed(failure));
  }

  settle(outcome: Outcome): void {
    this.#best = outcome;
    this.#isSettled = true;
  }

  best(otherwise: () => Outcome): Outcome {
    return this.#best ?? otherwise();
  }
}
