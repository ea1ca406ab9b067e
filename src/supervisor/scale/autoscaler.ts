import type { Logger } from '../../log.js';
import { nextStep, type ScalingBounds, UNSCALED } from '../../scaling-policy.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { Fleet } from '../fleet/fleet.js';

/** Adds and drains workers by their reported load, while it is switched on. */
export class Autoscaler {
  readonly #fleet: Fleet;
  readonly #dispatcher: Dispatcher;
  readonly #log: Logger;
  #bounds: ScalingBounds;
  #state = UNSCALED;
  #on = false;

  constructor(fleet: Fleet, dispatcher: Dispatcher, bounds: ScalingBounds, log: Logger) {
    this.#fleet = fleet;
    this.#dispatcher = dispatcher;
    this.#bounds = bounds;
    this.#log = log;
  }

  get on(): boolean {
    return this.#on;
  }

  turnOn(bounds: ScalingBounds): void {
    this.#bounds = bounds;
    if (!this.#on) this.#state = UNSCALED;
    this.#on = true;
  }

  turnOff(): void {
    this.#on = false;
  }

  /** To be called once for each round of pongs. Takes no sample while a worker starts or stops. */
  sample(): void {
    const fleet = this.#fleet;
    const reports = fleet.reports();
    if (!this.#on || fleet.degraded || !reports || reports.length === 0) return;
    const busy = reports.map((report) => Math.max(report.threadUtilization, report.eventLoopUtilization));
    const load = {
      count: fleet.wanted,
      busy: busy.reduce((sum, share) => sum + share, 0) / busy.length,
      oldestWait: Math.max(...reports.map(({ oldestWait }) => oldestWait)),
      pending: this.#dispatcher.pending,
    };
    const { state, step } = nextStep(this.#state, load, this.#bounds);
    this.#state = state;
    if (step === 0) return;
    this.#log.info('workers are scaled', { from: load.count, to: load.count + step, ...load });
    fleet.scale(load.count + step);
  }
}
