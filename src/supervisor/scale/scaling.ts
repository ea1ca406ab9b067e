import type { Config } from '../../config/config.js';
import type { Logger } from '../../log.js';
import type { ScalingBounds } from '../../scaling-policy.js';
import type { ServerStatus } from '../../wire/control.js';
import { Autoscaler } from './autoscaler.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { Fleet } from '../fleet/fleet.js';
import { Rebalancer } from './rebalancer.js';

const OPTIONS = ['workers.scaling', 'workers.min', 'workers.max', 'workers.count'] as const;

/** Decides how many workers there are, by operator or by load, and how clients are spread over them. */
export class Scaling {
  readonly #fleet: Fleet;
  readonly #autoscaler: Autoscaler;
  readonly #rebalancer: Rebalancer;
  #sampledAt = 0;

  constructor(fleet: Fleet, dispatcher: Dispatcher, config: Config, log: Logger) {
    this.#fleet = fleet;
    this.#autoscaler = new Autoscaler(fleet, dispatcher, boundsOf(config), log);
    this.#rebalancer = new Rebalancer(fleet, log);
  }

  get mode(): ServerStatus['scaling'] {
    return this.#autoscaler.on ? 'auto' : 'fixed';
  }

  begin(config: Config): void {
    this.#fleet.scale(config['workers.count']);
    if (config['workers.scaling'] === 'auto') this.byLoad(config);
  }

  to(workers: number): void {
    this.#autoscaler.turnOff();
    this.#fleet.scale(workers);
  }

  byLoad(config: Config): void {
    this.#autoscaler.turnOn(boundsOf(config));
  }

  /** To be called after a reload. An operator's own scaling stays unless the option was changed. */
  adopt(next: Config, previous: Config): void {
    const changed = OPTIONS.filter((key) => next[key] !== previous[key]);
    if (changed.length === 0) return;
    if (next['workers.scaling'] === 'auto') this.byLoad(next);
    else this.#autoscaler.turnOff();
    if (changed.includes('workers.count')) this.#fleet.scale(next['workers.count']);
  }

  onNewWorker(): void {
    this.#rebalancer.onNewWorker();
  }

  /** Decides by the workers' reports, once for each round of them. @param now milliseconds. */
  sample(now: number, interval: number): void {
    if (now - this.#sampledAt < interval) return;
    this.#sampledAt = now;
    this.#autoscaler.sample();
    this.#rebalancer.step();
  }
}

function boundsOf(config: Config): ScalingBounds {
  return { min: config['workers.min'], max: config['workers.max'] };
}
