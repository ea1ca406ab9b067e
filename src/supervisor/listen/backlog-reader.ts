import { Worker } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { BoundAddress } from './kernel-backlog.js';

/** Milliseconds between two readings. */
const READ_PERIOD_MS = 5000;

/** How many connections wait in the kernel for each listener, at the last reading. */
export class BacklogReader {
  readonly #addresses: () => readonly BoundAddress[];
  readonly #thread: Worker;
  readonly #timer: NodeJS.Timeout;
  #asked: readonly string[] = [];
  #counts: ReadonlyMap<string, number> = new Map();
  #busy = false;

  constructor(addresses: () => readonly BoundAddress[], log: Logger) {
    this.#addresses = addresses;
    this.#thread = new Worker(new URL('backlog-thread.js', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
    });
    this.#thread.unref();
    this.#thread.on('message', (counts: readonly (number | null)[]) => this.#received(counts));
    this.#thread.on('error', (error) => {
      log.warn('the kernel backlog is not read any more', { error: messageOf(error) });
      this.close();
    });
    this.#timer = setInterval(() => this.#ask(), READ_PERIOD_MS).unref();
    this.#ask();
  }

  /** `null` if it is not known. */
  of(address: BoundAddress | undefined): number | null {
    return (address && this.#counts.get(keyOf(address))) ?? null;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#counts = new Map();
    void this.#thread.terminate();
  }

  #ask(): void {
    if (this.#busy) return;
    this.#busy = true;
    const addresses = this.#addresses();
    this.#asked = addresses.map(keyOf);
    this.#thread.postMessage(addresses);
  }

  #received(counts: readonly (number | null)[]): void {
    this.#busy = false;
    const known = counts.flatMap((count, index): [string, number][] =>
      count === null ? [] : [[this.#asked[index] ?? '', count]],
    );
    this.#counts = new Map(known);
  }
}

function keyOf(address: BoundAddress): string {
  return address.kind === 'unix' ? address.path : `${address.host} ${address.port}`;
}
