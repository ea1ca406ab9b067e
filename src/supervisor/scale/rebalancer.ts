import type { Logger } from '../../log.js';
import type { Fleet } from '../fleet/fleet.js';
import { afterNewWorker, BALANCED, nextShares } from './rebalance-policy.js';

/** Has loaded workers send some of their clients to others, after a worker was added or when the loads differ much. */
export class Rebalancer {
  readonly #fleet: Fleet;
  readonly #log: Logger;
  #state = BALANCED;

  constructor(fleet: Fleet, log: Logger) {
    this.#fleet = fleet;
    this.#log = log;
  }

  onNewWorker(): void {
    this.#state = afterNewWorker(this.#state);
  }

  /** To be called once for each round of pongs, so that one step is seen in the numbers before the next. */
  step(): void {
    const active = this.#fleet.reports()?.map(({ activeConnections }) => activeConnections);
    if (!active || active.length < 2) return;
    const { state, shares } = nextShares(this.#state, active);
    this.#state = state;
    if (shares.every((share) => share === 0)) return;
    this.#log.verbose('clients are moved between workers', { active, shares });
    this.#fleet.shed(shares);
  }
}
