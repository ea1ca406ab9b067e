import { messageOf } from '../../errors.js';
import type { Logger, LogSink } from '../../log.js';
import type { ControlResponse, Replacement } from '../../wire/control.js';
import type { ToPrimary, ToWorker, WorkerStatistics } from '../../wire/ipc.js';
import { type ForkedWorker, forkWorker } from './cluster.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { Generation } from '../generation.js';
import { RepeatedWarnings } from '../../repeated-warnings.js';
import { DeathRecord } from './death-record.js';
import { MessageRouting } from './message-routing.js';
import { Orders } from './orders.js';
import { Rollout, type RolloutEnd } from './rollout.js';
import { WorkerHandle } from './worker-handle.js';

export interface FleetOptions {
  /** The generation of the first workers. */
  readonly generation: Generation;
  readonly dispatcher: Dispatcher;
  readonly now: () => number;
  readonly log: Logger;
  readonly sink: LogSink;
  /** The server's status, for workers that ask. */
  readonly status: () => unknown;
  /** The messages that a new worker gets after its configuration. */
  readonly greeting: (generation: Generation) => readonly ToWorker[];
  /** Called when a worker was forked, got ready or is gone. */
  readonly onChange: () => void;
  /** Called when a worker got ready beside others. */
  readonly onNewWorker: () => void;
}

/** The workers. Keeps their number at what is wanted: replaces dead ones and drains superfluous ones. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #handles = new Set<WorkerHandle>();
  readonly #orders = new Orders();
  #wanted = 0;
  #lastNumber = 0;
  readonly #deaths: DeathRecord;
  readonly #bootDeaths: RepeatedWarnings;
  readonly #routing: MessageRouting;
  /** The generation that new workers are forked with. */
  #generation: Generation;
  #rollout: Rollout | undefined;
  #stopped: (() => void) | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#generation = options.generation;
    this.#deaths = new DeathRecord(options.now, options.log);
    this.#bootDeaths = new RepeatedWarnings(options.log);
    this.#routing = new MessageRouting({
      ...options,
      orders: this.#orders,
      replace: (handle, reason) => this.#replaceServing(handle, reason),
    });
  }

  get handles(): readonly WorkerHandle[] {
    return [...this.#handles];
  }

  get wanted(): number {
    return this.#wanted;
  }

  get restarts(): number {
    return this.#deaths.restarts;
  }

  get replaced(): readonly Replacement[] {
    return this.#deaths.replaced;
  }

  get degraded(): boolean {
    return this.#deaths.degraded;
  }

  get ready(): number {
    return this.#staying().filter(({ state }) => state === 'ready').length;
  }

  /** The last report of each worker; `undefined` while one of them starts or stops. */
  reports(): readonly WorkerStatistics[] | undefined {
    const reports = this.handles.flatMap(({ state, leaving, statistics }) =>
      state === 'ready' && !leaving && statistics ? [statistics] : [],
    );
    return reports.length === this.#handles.size && reports.length === this.#wanted ? reports : undefined;
  }

  /** Has each worker send this many clients to other workers, in the order of `reports`. */
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

  /**
   * Starts another worker, and drains this one once the new one is ready. `false` if there is no such worker to
   * replace.
   */
  restart(worker: number): boolean {
    const handle = this.handles.find((one) => one.worker === worker);
    if (handle?.state !== 'ready' || handle.leaving) return false;
    handle.leaving = true;
    this.#deaths.countOrdered();
    this.#order();
    return true;
  }

  /**
   * Replaces all workers, one by one. Resolves when it is done, or was given up; in the second case the old workers
   * keep serving.
   */
  roll(next: Generation): Promise<RolloutEnd> {
    if (this.#stopped) return Promise.resolve({ ok: false, why: 'the server stops' });
    return new Promise((resolve) => {
      this.#rollout = new Rollout(next, this.#generation, resolve);
      this.#generation = next;
      this.#order();
    });
  }

  /** Resolves when the last worker is gone. */
  stop(): Promise<void> {
    this.#giveUp('the server stops');
    this.#wanted = 0;
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#reconcile();
    });
  }

  /** Sends the greeting to every worker again. */
  greetAll(): void {
    for (const handle of this.#handles) this.#greet(handle);
  }

  /** Has the worker with the least load carry the order out. */
  order(name: string, body: Uint8Array): Promise<ControlResponse> {
    const [idlest] = this.handles
      .filter(({ state, leaving }) => state === 'ready' && !leaving)
      .toSorted((a, b) => cost(a) - cost(b));
    return this.#orders.give(idlest, name, body);
  }

  /** Has every worker write its state to the log. Returns the number of workers. */
  dump(): number {
    for (const handle of this.#handles) handle.send({ type: 'dump' });
    return this.#handles.size;
  }

  killAll(): void {
    for (const handle of this.#handles) handle.kill('the server ends at once');
  }

  /** To be called often: deadlines, pings, replacements that were put off. */
  check(): void {
    for (const handle of this.#handles) {
      handle.check();
      this.#deaths.look(handle);
    }
    this.#reconcile();
  }

  #order(): void {
    this.#deaths.forget();
    this.#reconcile();
  }

  /** Takes the next steps towards the wanted number of workers. */
  #reconcile(): void {
    this.#advanceRollout();
    const missing = this.#wanted - this.#staying().length;
    for (let n = 0; n < missing && this.#mayFork(); n++) this.#fork();
    this.#dismiss(-missing);
    this.#retire();
    if (this.#handles.size === 0) this.#stopped?.();
  }

  #advanceRollout(): void {
    const rollout = this.#rollout;
    if (!rollout) return;
    if (rollout.isDone(this.handles, this.#wanted)) {
      this.#rollout = undefined;
      rollout.end({ ok: true });
      return;
    }
    const handle = rollout.nextToLeave(this.handles);
    if (handle?.state === 'ready') handle.leaving = true;
    else if (handle) this.#drain(handle);
  }

  /** The old workers keep serving, and those that were already replaced are forked again. */
  #giveUp(why: string): void {
    const rollout = this.#rollout;
    if (!rollout) return;
    this.#rollout = undefined;
    this.#generation = rollout.previous;
    for (const handle of this.#handles) {
      if (handle.generation === rollout.next && handle.state === 'starting') this.#drain(handle);
      else if (handle.state === 'ready') handle.leaving = handle.generation === rollout.next;
    }
    rollout.end({ ok: false, why });
  }

  #staying(): WorkerHandle[] {
    return this.handles.filter(
      ({ state, leaving }) => (state === 'starting' || state === 'ready') && !leaving,
    );
  }

  /** After an early death only one worker at a time is tried, until one gets ready. */
  #mayFork(): boolean {
    if (!this.#deaths.mayFork) return false;
    return !this.#deaths.isCareful || !this.#staying().some(({ state }) => state === 'starting');
  }

  /** Drains superfluous workers: first those that do not serve yet, then those with the least load. */
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
    if (handle.state === 'starting') handle.dismiss();
    else handle.drain(this.#options.dispatcher.exclude(handle), handle.generation.config['drain.timeout']);
  }

  #fork(): void {
    const { now, log, sink } = this.#options;
    const generation = this.#generation;
    let forked: ForkedWorker;
    try {
      forked = forkWorker(generation.workerEntry, generation.account);
    } catch (error) {
      log.error('a worker could not be forked', { error: messageOf(error) });
      this.#deaths.countFailedFork(generation.config);
      if (this.#rollout) this.#giveUp(messageOf(error));
      return;
    }
    this.#lastNumber += 1;
    const events = {
      ready: (handle: WorkerHandle) => this.#onReady(handle),
      message: (handle: WorkerHandle, message: ToPrimary) => this.#routing.route(handle, message),
      unavailable: (handle: WorkerHandle) => this.#options.dispatcher.exclude(handle),
      gone: (handle: WorkerHandle) => this.#onGone(handle),
    };
    const worker = this.#lastNumber;
    const isUrgent = this.#isShort;
    const bootDeaths = this.#bootDeaths;
    const options = { worker, generation, isUrgent, now, log, sink, bootDeaths, events };
    const handle = new WorkerHandle(forked, options);
    this.#greet(handle);
    this.#handles.add(handle);
    log.verbose('worker forked', { worker: handle.worker, workerPid: handle.pid });
    this.#options.onChange();
  }

  /** After recent deaths, fewer than half of the wanted workers are ready. */
  get #isShort(): boolean {
    return this.#deaths.isRecent && this.ready * 2 < this.#wanted;
  }

  #greet(handle: WorkerHandle): void {
    for (const message of this.#options.greeting(handle.generation)) handle.send(message);
  }

  #onReady(handle: WorkerHandle): void {
    const { worker, pid, version, generation } = handle;
    this.#options.log.info('worker ready', { worker, workerPid: pid });
    if (generation.version !== undefined && version !== generation.version) {
      const expected = generation.version;
      this.#options.log.warn(
        'the release was changed under the server; `pkixd reload` brings all workers to one release',
        { worker, version, expected },
      );
    }
    this.#options.dispatcher.admit(handle);
    if (this.#handles.size > 1) this.#options.onNewWorker();
    this.#reconcile();
    this.#options.onChange();
  }

  /** The worker serves until its replacement is ready. */
  #replaceServing(handle: WorkerHandle, reason: string): void {
    handle.leaving = true;
    // Its end after draining does not count as a death, so the replacement is counted here; otherwise replacements
    // could follow each other without a wait.
    this.#deaths.count(handle, reason, handle.generation.config);
    this.#reconcile();
  }

  #onGone(handle: WorkerHandle): void {
    this.#handles.delete(handle);
    this.#options.dispatcher.remove(handle);
    this.#orders.lost(handle);
    if (!handle.ordered) {
      this.#deaths.count(handle, handle.end, handle.generation.config);
      if (this.#rollout?.isFailedBy(handle, this.#options.now()))
        this.#giveUp(`worker ${handle.worker} did not get ready, or not for long: ${handle.end}`);
    }
    this.#reconcile();
    this.#options.onChange();
  }
}

/**
 * The cost of draining this worker; the lowest goes first: one that does not serve yet, one that may hang, then one
 * with little load.
 */
function cost({ state, isDoubtful, statistics }: WorkerHandle): number {
  if (state === 'starting') return -2;
  return isDoubtful ? -1 : (statistics?.inFlight ?? 0);
}
