import { setTimeout as delay } from 'node:timers/promises';
import { Client, PkixdError } from '../../src/client/index.js';
import type { WorkerStatus } from '../../src/wire/control.js';
import type { WorkerStatistics } from '../../src/wire/ipc.js';
import type { Demo } from '../../test/server/demo.js';
import { type TestServer } from '../../test/server/test-server.js';
import { BLOCK, HANG } from './faulty-release.js';
import { until } from '../../test/until.js';

/** A worker that has been ready for so long, in milliseconds, may be killed. */
const SETTLED = 2000;
/** How often the workers are looked at, in milliseconds. */
const LOOK = 100;
/** For what is waited for, in milliseconds. */
const PATIENCE = 120_000;

/** What can be done to a server, counted by name. */
export class Faults {
  readonly done = new Map<string, number>();
  readonly #server: TestServer;
  readonly #pki: Demo;
  readonly #client: Client;
  readonly #readySince = new Map<number, number>();
  /** Killed ones, which the status may not know of yet. */
  readonly #killed = new Set<number>();
  /** Stopped or blocked ones by what was done to them: the supervisor's to find. */
  readonly #sick = new Map<number, string>();
  readonly #hung: Promise<void>[] = [];
  /** What each worker said last of itself. */
  readonly #said = new Map<number, WorkerStatistics>();
  #workers: readonly WorkerStatus[] = [];
  #wanted = 1;
  #watching: Promise<void> | undefined;
  #over = false;

  constructor(server: TestServer, pki: Demo) {
    this.#server = server;
    this.#pki = pki;
    this.#client = new Client(server.msgpack, { timeout: PATIENCE });
    this.#watching = this.#watch();
  }

  /** BUSY answers that workers counted, as far as they lived to tell it. */
  get busy(): number {
    return this.#sum(({ busy }) => busy);
  }

  /** Tasks that ran past their limit, by the same accounts. */
  get timeouts(): number {
    return this.#sum(({ timeouts }) => timeouts);
  }

  /** Resolves when there are so many workers to strike, and one that serves besides, or as many as are wanted. */
  async ready(strikes: number): Promise<void> {
    await until(
      () => [this.#targets.length, this.#well.length] as const,
      ([targets, well]) => targets >= strikes && well >= Math.min(1 + strikes, this.#wanted),
      PATIENCE,
    );
  }

  kill(): void {
    const pid = this.#strike('workers killed', 'SIGKILL');
    if (pid !== undefined) this.#killed.add(pid);
  }

  /** It answers nothing, and neither does it die. */
  stop(): void {
    this.#makeSick('workers stopped', 'SIGSTOP');
  }

  blockLoop(): void {
    this.#makeSick('loops blocked', BLOCK);
  }

  /** The one request that may be answered TIMEOUT; the worker may be killed over it, and then it is resent and hangs again. */
  hangThread(): void {
    this.count('requests made to hang');
    const asked = this.#client
      .verify({ certificates: this.#pki.chain('good'), emails: [HANG] })
      .then(({ code }) => this.count(`hung requests answered ${code}`))
      .catch((error: unknown) => this.count(`hung requests that failed: ${codeOf(error)}`));
    this.#hung.push(asked);
  }

  async scale(workers: number): Promise<void> {
    await this.#server.command({ command: 'scale', argument: workers });
    this.count(`scaled to ${workers}`);
  }

  /** A roll-out may be given up: a worker killed while it boots is reason enough. */
  async reload(): Promise<void> {
    await this.#server.command({ command: 'reload' }, PATIENCE).then(
      () => this.count('reloads done'),
      () => this.count('reloads given up'),
    );
  }

  /** More requests at once than the FIFOs hold. */
  async fillQueue(requests: number): Promise<void> {
    const asked = Array.from({ length: requests }, (_, n) =>
      this.#client
        .verify({ certificates: this.#pki.chain('good'), policy: { initial: ['2.5.29.32.0', `1.2.${n}`] } })
        .then(({ code }) => code)
        .catch(codeOf),
    );
    for (const outcome of await Promise.all(asked)) this.count(`of a flood: ${outcome}`);
  }

  count(what: string): void {
    this.done.set(what, (this.done.get(what) ?? 0) + 1);
  }

  async finish(): Promise<void> {
    await Promise.all(this.#hung);
    await until(
      () => this.#sick.size,
      (sick) => sick === 0,
      PATIENCE,
    );
    this.#over = true;
    await this.#watching;
    await this.#client.close();
  }

  get #well(): readonly WorkerStatus[] {
    const isStruck = (pid: number): boolean => this.#killed.has(pid) || this.#sick.has(pid);
    return this.#workers.filter(({ state, pid }) => state === 'ready' && !isStruck(pid));
  }

  /** Those that have been ready for long enough. */
  get #targets(): readonly number[] {
    const before = performance.now() - SETTLED;
    return this.#well.map(({ pid }) => pid).filter((pid) => (this.#readySince.get(pid) ?? Infinity) < before);
  }

  #makeSick(what: string, signal: NodeJS.Signals): void {
    // One that answers has to be left for those who are waiting.
    if (this.#well.length < 2) return;
    const pid = this.#strike(what, signal);
    if (pid !== undefined) this.#sick.set(pid, what);
  }

  #strike(what: string, signal: NodeJS.Signals): number | undefined {
    const pid = this.#targets[Math.floor(Math.random() * this.#targets.length)];
    if (pid === undefined) return undefined;
    try {
      process.kill(pid, signal);
    } catch {
      // Gone since it was last looked at.
      return undefined;
    }
    this.count(what);
    return pid;
  }

  async #watch(): Promise<void> {
    while (!this.#over) {
      const { workers, scale } = await this.#server.status();
      this.#wanted = scale;
      this.#workers = workers;
      const ready = workers.filter(({ state }) => state === 'ready').map(({ pid }) => pid);
      for (const pid of ready) if (!this.#readySince.has(pid)) this.#readySince.set(pid, performance.now());
      for (const pid of this.#readySince.keys()) if (!ready.includes(pid)) this.#readySince.delete(pid);
      for (const { pid, statistics } of workers) if (statistics) this.#said.set(pid, statistics);
      const there = new Set(workers.map(({ pid }) => pid));
      for (const pid of this.#sick.keys()) if (!there.has(pid)) this.#ended(pid);
      await delay(LOOK);
    }
  }

  /** Ended by the supervisor, which alone ends these. */
  #ended(pid: number): void {
    this.count(`${this.#sick.get(pid) ?? ''}, found and ended`);
    this.#sick.delete(pid);
    this.#killed.add(pid);
  }

  #sum(count: (statistics: WorkerStatistics) => number): number {
    return [...this.#said.values()].reduce((sum, statistics) => sum + count(statistics), 0);
  }
}

function codeOf(error: unknown): string {
  return error instanceof PkixdError ? error.code : String(error);
}
