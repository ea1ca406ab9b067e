import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpuOf, pin } from './cpu.js';

/** A server of others beside ours, on the same core: forked, it says where it listens and who it is. */
export class RivalProcess {
  readonly port: number;
  readonly #pids: readonly number[];
  readonly #process: ChildProcess;

  static async start(entry: string, core: number, setup?: object): Promise<RivalProcess> {
    const child = fork(new URL(entry, import.meta.url), { serialization: 'advanced' });
    const ready = once(child, 'message');
    if (setup) child.send(setup);
    const [said]: unknown[] = await ready;
    if (!isAddress(said)) throw new Error(`${entry} did not say where it listens`);
    pin(said.pids, core);
    return new RivalProcess(child, said.port, said.pids);
  }

  private constructor(child: ChildProcess, port: number, pids: readonly number[]) {
    this.#process = child;
    this.port = port;
    this.#pids = pids;
  }

  /** µs of its processes so far. */
  cpu(): number {
    return cpuOf(this.#pids);
  }

  stop(): void {
    this.#process.disconnect();
  }
}

function isAddress(value: unknown): value is { readonly port: number; readonly pids: readonly number[] } {
  return typeof value === 'object' && value !== null && 'port' in value && 'pids' in value;
}
