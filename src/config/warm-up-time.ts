import type { OptionValues } from './option-table.js';

/** ms that a worker or a thread may warm up, a small part of the time until it must be ready. */
export function warmUpTime(config: Pick<OptionValues, 'workers.warmUp' | 'workers.bootTimeout'>): number {
  return Math.min(config['workers.warmUp'], config['workers.bootTimeout'] / 4);
}
