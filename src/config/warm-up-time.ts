import type { OptionValues } from './option-table.js';

/** ms that a worker, or a thread, may warm up: by far not all of the time that it has until it must be ready. */
export function warmUpTime(config: Pick<OptionValues, 'workers.warmUp' | 'workers.bootTimeout'>): number {
  return Math.min(config['workers.warmUp'], config['workers.bootTimeout'] / 4);
}
