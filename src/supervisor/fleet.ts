import type { Config } from '../config/config.js';
import { formatSize } from '../config/units.js';
import { messageOf } from '../errors.js';
import type { Logger, LogSink } from '../log.js';
import type { Replacement } from '../wire/control.js';
import type { ToPrimary, ToWorker, WorkerStatistics } from '../wire/ipc.js';
import { type ForkedWorker, forkWorker } from './cluster.js';
import type { Dispatcher } from './dispatcher.js';
import { afterDeath, afterOrder, afterStaying, NO_DEATHS, STABLE_AFTER } from './restart-policy.js';
import { ReplacementList } from './replacement-list.js';
import { WorkerHandle } from './worker-handle.js';

export interface FleetOptions {
  readonly config: Config;
  readonly dispatcher: Dispatcher;
  readonly now: () => number;
  readonly log: Logger;
  readonly sink: LogSink;
  /** The server's status, for workers that ask. */
  readonly status: () => unknown;
  /** What a worker is told first of all, behind its configuration. */
  readonly greeting: () => readonly ToWorker[];
  /** A worker was forked, got ready or is gone. */
  readonly onChange: () => void;
  /** One that got ready has others beside it. */
  readonly onNewWorker: () => void;
}

/** The workers: as many as wanted, the dead ones replaced, the superfluous drained. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #handles = new Set<WorkerHandle>();
  #wanted = 0;
  #lastNumber = 0;
  #restarts = 0;
  #history = NO_DEATHS;
  readonly #replaced = new ReplacementList();
  /** No fork before this time. */
  #notBefore = 0;
  #stopped: (() => void) | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get handles(): readonly WorkerHandle[] {
    return [...this.#handles];
  }

  get wanted(): number {
    return this.#wanted;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get replaced(): readonly Replacement[] {
    return this.#replaced.list(this.#options.now());
  }

  get degraded(): boolean {
    return this.#history.degraded;
  }

  get ready(): number {
    return this.#staying().filter(({ state }) => state === 'ready').length;
  }

  /** The last account of each worker; `undefined` while any of them comes or goes. */
  reports(): readonly WorkerStatistics[] | undefined {
    const reports = this.handles.flatMap(({ state, leaving, statistics }) =>
      state === 'ready' && !leaving && statistics ? [statistics] : [],
    );
    return reports.length === this.#handles.size && reports.length === this.#wanted ? reports : undefined;
  }

  /** Has each worker send as many clients elsewhere, in the order of `reports`. */
  shed(counts: readonly number[]): void {
    for (const [place, handle] of this.handles.entries()) {
      const count = counts[place] ?? 0;
      if (count > 0) handle.send({ type: 'shed', count });
    }
  }

  scale(wanted: number): void {
    this.#wanted = wanted;
    this.#order();
  }

  /** Starts another worker and drains this one when that is ready. `false` if there is no such worker to replace. */
  restart(worker: number): boolean {
    const handle = this.handles.find((one) => one.worker === worker);
    if (handle?.state !== 'ready' || handle.leaving) return false;
    handle.leaving = true;
    this.#restarts += 1;
    this.#order();
    return true;
  }

  /** Resolves when the last worker is gone. */
  stop(): Promise<void> {
    this.#wanted = 0;
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#reconcile();
    });
  }

  tellAll(messages: readonly ToWorker[]): void {
    for (const handle of this.#handles) for (const message of messages) handle.send(message);
  }

  killAll(): void {
    for (const handle of this.#handles) handle.kill('the server ends at once');
  }

  /** To be called often: deadlines, pings, replacements that were put off. */
  check(): void {
    const { now } = this.#options;
    for (const handle of this.#handles) {
      handle.check();
      const { state, readyAt } = handle;
      if (state === 'ready' && readyAt !== undefined && now() - readyAt >= STABLE_AFTER) {
        this.#forgive(readyAt);
      }
    }
    this.#reconcile();
  }

  /** A worker that got ready at this time has stayed. If that is good news, the others need not wait any longer. */
  #forgive(readyAt: number): void {
    const history = afterStaying(this.#history, readyAt);
    if (history !== this.#history) this.#notBefore = 0;
    this.#history = history;
  }

  #order(): void {
    this.#history = afterOrder(this.#history);
    this.#notBefore = 0;
    this.#reconcile();
  }

  /** Brings what is there closer to what is wanted. */
  #reconcile(): void {
    const missing = this.#wanted - this.#staying().length;
    for (let n = 0; n < missing && this.#mayFork(); n += 1) this.#fork();
    this.#dismiss(-missing);
    this.#retire();
    if (this.#handles.size === 0) this.#stopped?.();
  }

  #staying(): WorkerHandle[] {
    return this.handles.filter(
      ({ state, leaving }) => (state === 'starting' || state === 'ready') && !leaving,
    );
  }

  /** After an early death only one worker at a time is tried, until one gets ready. */
  #mayFork(): boolean {
    if (this.#options.now() < this.#notBefore) return false;
    return this.#history.streak === 0 || !this.#staying().some(({ state }) => state === 'starting');
  }

  /** Too many: first those that do not serve yet, then those that have the least to do. */
  #dismiss(superfluous: number): void {
    if (superfluous <= 0) return;
    const cheapestFirst = this.#staying().toSorted((a, b) => cost(a) - cost(b));
    for (const handle of cheapestFirst.slice(0, superfluous)) this.#drain(handle);
  }

  /** Workers whose replacement is ready. */
  #retire(): void {
    const leaving = this.handles.filter((handle) => handle.leaving && handle.state === 'ready');
    const superfluous = Math.max(this.ready + leaving.length - this.#wanted, 0);
    for (const handle of leaving.slice(0, superfluous)) this.#drain(handle);
  }

  #drain(handle: WorkerHandle): void {
    handle.ordered = true;
    if (handle.state === 'starting') handle.kill('it is not wanted any more');
    else handle.drain(this.#options.dispatcher.exclude(handle), this.#options.config['drain.timeout']);
  }

  #fork(): void {
    const { config, now, log, sink } = this.#options;
    let forked: ForkedWorker;
    try {
      forked = forkWorker();
    } catch (error) {
      log.error('a worker could not be forked', { error: messageOf(error) });
      this.#countDeath(undefined);
      return;
    }
    this.#lastNumber += 1;
    const events = {
      ready: (handle: WorkerHandle) => this.#onReady(handle),
      message: (handle: WorkerHandle, message: ToPrimary) => this.#onMessage(handle, message),
      unavailable: (handle: WorkerHandle) => this.#options.dispatcher.exclude(handle),
      gone: (handle: WorkerHandle) => this.#onGone(handle),
    };
    const handle = new WorkerHandle(forked, { worker: this.#lastNumber, config, now, log, sink, events });
    for (const message of this.#options.greeting()) handle.send(message);
    this.#handles.add(handle);
    log.verbose('worker forked', { worker: handle.worker, workerPid: handle.pid });
    this.#options.onChange();
  }

  #onReady(handle: WorkerHandle): void {
    this.#options.log.info('worker ready', { worker: handle.worker, workerPid: handle.pid });
    this.#options.dispatcher.admit(handle);
    if (this.#handles.size > 1) this.#options.onNewWorker();
    this.#reconcile();
    this.#options.onChange();
  }

  #onMessage(handle: WorkerHandle, message: ToPrimary): void {
    const { dispatcher, sink, status } = this.#options;
    switch (message.type) {
      case 'accepted':
        return dispatcher.accepted(handle, message.ids);
      case 'refused':
        return dispatcher.refused(handle, message.ids);
      case 'revoked':
        return dispatcher.revoked(handle, message.ids);
      case 'load':
        return dispatcher.report(handle, message);
      case 'statusRequest':
        return handle.send({ type: 'status', request: message.request, status: status() });
      case 'pong':
        return this.#checkMemory(handle, message.statistics);
      case 'restart':
        return this.#onRestartRequest(handle, message.reason);
      case 'log':
        for (const record of message.records)
          sink({ ...record, source: `worker ${handle.worker}`, pid: handle.pid });
        return;
      default: // Of the others the handle has taken note.
    }
  }

  #checkMemory(handle: WorkerHandle, { anonymousRss }: WorkerStatistics): void {
    const limit = this.#options.config['workers.maxRss'];
    if (limit === 0 || anonymousRss <= limit || handle.leaving || handle.state !== 'ready') return;
    const used = `${Math.round(anonymousRss / 1024)}KiB`;
    const reason = `its anonymous memory (${used}) is beyond workers.maxRss (${formatSize(limit)})`;
    this.#options.log.warn('a worker is replaced', { worker: handle.worker, workerPid: handle.pid, reason });
    this.#replaceServing(handle, reason);
  }

  #onRestartRequest(handle: WorkerHandle, reason: string): void {
    this.#options.log.warn('a worker asks to be replaced', { worker: handle.worker, reason });
    if (handle.state === 'starting') return handle.kill(`it cannot start: ${reason}`);
    if (handle.state === 'ready' && !handle.leaving) this.#replaceServing(handle, reason);
  }

  /** It serves on until another is ready. */
  #replaceServing(handle: WorkerHandle, reason: string): void {
    handle.leaving = true;
    this.#replaced.add(handle, this.#options.now(), reason);
    // Its drained end will be no death, so what it amounts to is counted here: else it could go round without a wait.
    this.#countDeath(handle.readyAt);
    this.#reconcile();
  }

  #onGone(handle: WorkerHandle): void {
    this.#handles.delete(handle);
    this.#options.dispatcher.bury(handle);
    if (!handle.ordered) {
      this.#replaced.add(handle, this.#options.now(), handle.end);
      this.#countDeath(handle.readyAt);
    }
    this.#reconcile();
    this.#options.onChange();
  }

  /** A death that nobody ordered. */
  #countDeath(readyAt: number | undefined): void {
    const { config, now, log } = this.#options;
    const wasDegraded = this.degraded;
    const settings = {
      limit: config['workers.restartLimit'],
      window: config['workers.restartWindow'],
      backoff: config['workers.restartBackoff'],
    };
    const { history, delay } = afterDeath(this.#history, { at: now(), readyAt, ordered: false }, settings);
    this.#restarts += 1;
    this.#history = history;
    this.#notBefore = Math.max(this.#notBefore, now() + delay);
    if (delay > 0) log.warn('workers die early; the next attempt waits', { delay, inARow: history.streak });
    if (history.degraded && !wasDegraded) {
      log.error('degraded: workers die early more often than workers.restartLimit allows; attempts go on');
    }
  }
}

/** The lower, the less it hurts to let this worker go: one that does not serve yet, then one with little to do. */
function cost({ state, statistics }: WorkerHandle): number {
  return state === 'starting' ? -1 : (statistics?.inFlight ?? 0);
}
