import type { Config } from '../config/config.js';
import { messageOf, PkixdError } from '../errors.js';
import type { Logger } from '../log.js';
import type { ControlResponse } from '../wire/control.js';
import type { Fleet } from './fleet/fleet.js';
import { Generation, type Settings } from './generation.js';
import type { ListenerSet } from './listen/listener-set.js';

export interface ReloaderOptions {
  readonly current: () => Generation;
  /** Reads configuration and release again; throws a `PkixdError` that says what is wrong with them. */
  readonly read: () => Settings;
  readonly fleet: Fleet;
  readonly listeners: ListenerSet;
  readonly log: Logger;
  /** Called when every worker is of this generation, which is then the current one. */
  readonly onDone: (next: Generation) => void;
}

/** Parts that are made once and live as long as the process. */
const FIXED = ['run.directory', 'log.directory'] as const;
const LATER = ['log.maxSize', 'log.keep'] as const;

/**
 * Changes the server to a new configuration and release, completely or not at all.
 *
 *     read ──▶ open new listeners ──▶ replace workers one by one ──▶ close listeners no longer wanted
 *       └───────────┴───── error: all stays as before ─────┘
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #underWay = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  get underWay(): boolean {
    return this.#underWay;
  }

  /** Resolves when the reload has succeeded or failed. */
  async reload(): Promise<ControlResponse> {
    const { log } = this.#options;
    if (this.#underWay) return { ok: false, code: 'RELOADING', message: 'a reload is under way already' };
    this.#underWay = true;
    log.info('reloading');
    try {
      const next = this.#read();
      await this.#goOver(next);
      log.info('reloaded', { workers: this.#options.fleet.wanted, version: next.version });
      return { ok: true, result: { version: next.version ?? null } };
    } catch (error) {
      const code = error instanceof PkixdError ? error.code : 'INTERNAL';
      const message = `nothing was changed: ${messageOf(error)}`;
      log.error('the reload was given up', { code, error: messageOf(error) });
      return { ok: false, code, message };
    } finally {
      this.#underWay = false;
    }
  }

  #read(): Generation {
    const { read, current, log } = this.#options;
    const settings = read();
    const { config } = current();
    refuseFixed(config, settings.config);
    const later = LATER.filter((key) => settings.config[key] !== config[key]);
    if (later.length > 0) log.warn(`${later.join(' and ')} change at the next start`);
    return new Generation(settings);
  }

  async #goOver(next: Generation): Promise<void> {
    const { fleet, listeners, onDone } = this.#options;
    const change = await listeners.prepare(next.config.listeners);
    const end = await fleet.roll(next);
    if (!end.ok) {
      listeners.undo(change);
      throw new PkixdError('ROLLOUT_ABORTED', `${end.why}; the workers of before stay`);
    }
    listeners.commit(change);
    onDone(next);
  }
}

function refuseFixed(before: Config, after: Config): void {
  for (const key of FIXED) {
    if (before[key] === after[key]) continue;
    throw new PkixdError(
      'NEEDS_RESTART',
      `${key} cannot change while the server runs (from ${before[key]} to ${after[key]}); restart it`,
    );
  }
}
