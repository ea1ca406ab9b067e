import type { Generation } from '../generation.js';
import { STABLE_AFTER } from './restart-policy.js';
import type { WorkerHandle } from './worker-handle.js';

export type RolloutEnd = { readonly ok: true } | { readonly ok: false; readonly why: string };

/**
 * Workers replaced one by one by those of a new generation:
 *
 *     old old old        one new is started …
 *     old old old new    … and ready: one old drains
 *         old old new    … and is gone: the next
 *
 * If a new one dies before it has served for a while, the rollout ends and the old ones stay.
 */
export class Rollout {
  readonly next: Generation;
  readonly previous: Generation;
  readonly #onEnd: (end: RolloutEnd) => void;

  constructor(next: Generation, previous: Generation, onEnd: (end: RolloutEnd) => void) {
    this.next = next;
    this.previous = previous;
    this.#onEnd = onEnd;
  }

  end(end: RolloutEnd): void {
    this.#onEnd(end);
  }

  /** The worker to drain now; `undefined` while a step is under way. */
  nextToLeave(handles: readonly WorkerHandle[]): WorkerHandle | undefined {
    const isUnderWay = handles.some(
      ({ generation, state, leaving }) =>
        state === 'draining' || leaving || (generation === this.next && state === 'starting'),
    );
    if (isUnderWay) return undefined;
    return handles.find(({ generation, state }) => generation !== this.next && state !== 'dead');
  }

  /** Whether only workers of the new generation are left, and as many as wanted are ready. */
  isDone(handles: readonly WorkerHandle[], wanted: number): boolean {
    const ready = handles.filter(({ generation, state }) => generation === this.next && state === 'ready');
    return ready.length === handles.length && ready.length >= wanted;
  }

  /** Whether this unordered death shows that the new generation does not work. @param now as `readyAt`. */
  isFailedBy({ generation, readyAt }: WorkerHandle, now: number): boolean {
    return generation === this.next && (readyAt === undefined || now - readyAt < STABLE_AFTER);
  }
}
