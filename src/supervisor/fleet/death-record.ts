import type { Config } from '../../config/config.js';
import type { Logger } from '../../log.js';
import { RepeatedWarnings } from '../../repeated-warnings.js';
import type { Replacement } from '../../wire/control.js';
import { ReplacementList } from './replacement-list.js';
import { afterDeath, afterOrder, afterStaying, NO_DEATHS, STABLE_AFTER } from './restart-policy.js';
import type { WorkerHandle } from './worker-handle.js';

/** Milliseconds for which a death counts as recent. */
const RECENT = 10_000;

/** What is remembered of workers that died or had to be replaced, and how long that makes the next one wait. */
export class DeathRecord {
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #warnings: RepeatedWarnings;
  readonly #replaced = new ReplacementList();
  #history = NO_DEATHS;
  #restarts = 0;
  #lastAt = -Infinity;
  /** The earliest time of the next fork. */
  #notBefore = 0;

  constructor(now: () => number, log: Logger) {
    this.#now = now;
    this.#log = log;
    this.#warnings = new RepeatedWarnings(log);
  }

  /** Workers replaced since the start. */
  get restarts(): number {
    return this.#restarts;
  }

  get replaced(): readonly Replacement[] {
    return this.#replaced.list(this.#now());
  }

  get degraded(): boolean {
    return this.#history.degraded;
  }

  /** Whether only one worker at a time is tried. */
  get isCareful(): boolean {
    return this.#history.streak > 0;
  }

  /** Whether a worker died a short while ago. */
  get isRecent(): boolean {
    return this.#now() - this.#lastAt < RECENT;
  }

  get mayFork(): boolean {
    return this.#now() >= this.#notBefore;
  }

  /** Counts an unordered death, or the replacement of a sick worker. */
  count(handle: WorkerHandle, why: string, config: Config): void {
    this.#replaced.add(handle, this.#now(), why);
    this.#countAt(handle.readyAt, config);
  }

  /** The fork itself failed. */
  countFailedFork(config: Config): void {
    this.#countAt(undefined, config);
  }

  /** An operator had a worker replaced. */
  countOrdered(): void {
    this.#restarts += 1;
  }

  /** An operator asks for workers: the next fork does not wait. */
  forget(): void {
    this.#history = afterOrder(this.#history);
    this.#notBefore = 0;
  }

  /** A worker that has stayed ready for a while ends the waiting of the others. */
  look({ state, readyAt }: WorkerHandle): void {
    if (state !== 'ready' || readyAt === undefined || this.#now() - readyAt < STABLE_AFTER) return;
    const history = afterStaying(this.#history, readyAt);
    if (history !== this.#history) this.#notBefore = 0;
    this.#history = history;
  }

  #countAt(readyAt: number | undefined, config: Config): void {
    const wasDegraded = this.degraded;
    const settings = {
      limit: config['workers.restartLimit'],
      window: config['workers.restartWindow'],
      backoff: config['workers.restartBackoff'],
    };
    const now = this.#now();
    const { history, delay } = afterDeath(this.#history, { at: now, readyAt, ordered: false }, settings);
    this.#restarts += 1;
    this.#lastAt = now;
    this.#history = history;
    this.#notBefore = Math.max(this.#notBefore, now + delay);
    if (delay > 0)
      this.#warnings.warn('workers die early; the next attempt waits', '', { delay, inARow: history.streak });
    if (!history.degraded || wasDegraded) return;
    this.#log.error(
      'degraded: workers die early more often than workers.restartLimit allows; attempts go on',
    );
  }
}
