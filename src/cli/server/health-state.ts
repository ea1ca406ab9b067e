import type { ServerStatus } from '../../wire/control.js';

export interface Health {
  readonly state: 'ready' | 'degraded' | 'down';
  readonly why: string;
}

/** The exit codes of `health`, and of `status` if the server answers. */
export const HEALTH_EXIT = { ready: 0, degraded: 1, down: 2 } as const;

/** Degraded: it serves, but an operator should look at it. */
export function healthOf({ state, workers, scale, listeners }: ServerStatus): Health {
  const ready = workers.filter((worker) => worker.state === 'ready').length;
  const count = `${ready} of ${scale} workers ready`;
  if (ready === 0) return { state: 'down', why: `${state}, ${count}` };
  const failing = listeners.filter(({ probe }) => probe?.failure !== undefined);
  const names = failing.map(({ name }) => name).join(', ');
  if (failing.length > 0)
    return { state: 'degraded', why: `${count}; these listeners do not answer: ${names}` };
  if (state !== 'running' || ready < scale) return { state: 'degraded', why: `${state}, ${count}` };
  return { state: 'ready', why: count };
}
