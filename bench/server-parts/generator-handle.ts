import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { pin } from './cpu.js';
import type { Job, LoadResult } from './job.js';

/** The benchmark's view of the load generator (generator.ts). */
export class Generator {
  readonly #process: ChildProcess;

  constructor(core: number) {
    this.#process = fork(new URL('generator.js', import.meta.url), { serialization: 'advanced' });
    pin([this.#process.pid ?? 0], core);
  }

  async load(bodies: readonly Uint8Array[]): Promise<void> {
    await this.#order({ kind: 'load', bodies });
  }

  /** Requests that keep coming as they are answered: `inFlight` of them on `connections`. */
  closed(path: string, requests: number, connections = 8, inFlight = 64): Promise<LoadResult> {
    return this.#run({ kind: 'closed', path, requests, connections, inFlight });
  }

  /** Requests that come at `rate` a second. */
  open(path: string, rate: number, seconds: number, connections: number): Promise<LoadResult> {
    return this.#run({ kind: 'open', path, rate, seconds, connections });
  }

  async hold(path: string, connections: number): Promise<void> {
    await this.#order({ kind: 'hold', path, connections });
  }

  async release(): Promise<void> {
    await this.#order({ kind: 'release' });
  }

  async visit(port: number, connections: number): Promise<void> {
    await this.#order({ kind: 'visit', port, connections });
  }

  close(): void {
    this.#process.disconnect();
  }

  async #run(job: Job): Promise<LoadResult> {
    const result = await this.#order(job);
    if (!isResult(result)) throw new Error(`the generator had no result for ${job.kind}`);
    return result;
  }

  async #order(job: Job): Promise<unknown> {
    const settled = new AbortController();
    const { signal } = settled;
    const answer = once(this.#process, 'message', { signal });
    const ended = once(this.#process, 'exit', { signal });
    // Whichever comes second is called off below.
    for (const one of [answer, ended]) one.catch(() => undefined);
    this.#process.send(job);
    const [result]: unknown[] = await Promise.race([answer, ended]);
    settled.abort();
    if (this.#process.exitCode !== null) throw new Error('the load generator ended');
    return result;
  }
}

function isResult(value: unknown): value is LoadResult {
  return typeof value === 'object' && value !== null && 'validInTime' in value;
}
