import { hash } from 'node:crypto';
import type { Keep, Task } from '../wire/task.js';

export interface OutcomeCacheOptions {
  /** Outcomes kept, and their bytes; 0 of either turns the cache off. */
  readonly max: number;
  readonly maxBytes: number;
  /** ms since 1970. */
  now(): number;
  /** What outcomes rest on, now; see `Keep`. */
  epoch(): number;
}

interface Entry {
  readonly body: Uint8Array;
  readonly keep: Keep;
}

/** Bodies beyond this are not looked up: the hash would take the loop's time. */
const MAX_BODY = 128 * 1024;
/** Bytes that an entry takes beside its outcome, roughly. */
const OVERHEAD = 256;

/**
 * Outcomes by what was asked: SHA-256 over the task's name and body. An entry answers until its time is over or the
 * epoch has moved on. The map is in order of use, the longest unused first:
 *
 *     evict ◀── [ unused … used last ] ◀── hit, or put
 */
export class OutcomeCache {
  readonly #options: OutcomeCacheOptions;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  constructor(options: OutcomeCacheOptions) {
    this.#options = options;
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `undefined` for a task whose outcome is not looked up. */
  keyOf({ name, body }: Task): string | undefined {
    const { max, maxBytes } = this.#options;
    if (max === 0 || maxBytes === 0 || body.length > MAX_BODY) return undefined;
    return name + hash('sha256', body, 'binary');
  }

  get(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      const { keep } = entry;
      if (this.#options.now() < keep.until && keep.epoch === this.#options.epoch()) {
        this.#entries.set(key, entry);
        this.#hits++;
        return entry.body;
      }
      this.#bytes -= sizeOf(entry);
    }
    this.#misses++;
    return undefined;
  }

  /** Keeps a copy of the body. */
  put(key: string, body: Uint8Array, keep: Keep): void {
    if (keep.until <= this.#options.now()) return;
    const entry = { body: copyOf(body), keep };
    const before = this.#entries.get(key);
    if (before !== undefined) this.#drop(key, before);
    this.#entries.set(key, entry);
    this.#bytes += sizeOf(entry);
    for (const [oldKey, old] of this.#entries) {
      if (this.#entries.size <= this.#options.max && this.#bytes <= this.#options.maxBytes) return;
      this.#drop(oldKey, old);
    }
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= sizeOf(entry);
  }
}

/** Not by `from`, which goes through the octets one by one. */
function copyOf(body: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(body);
}

function sizeOf({ body }: Entry): number {
  return body.length + OVERHEAD;
}
