import { sameBytes } from './same-bytes.js';

interface Entry<T> {
  readonly octets: Uint8Array;
  readonly value: T;
}

/** Octets that are hashed: the end of a name, of an OID or of an algorithm tells it apart. */
const TAIL_OCTETS = 16;

/**
 * A cache of values read from octets that recur, so that the same few dozen are not read for every certificate. Each
 * has one slot, found by a hash of its octets, and is replaced by the next with the same hash, so input cannot make the
 * cache grow.
 */
export class RecentOctets<T> {
  readonly #entries: (Entry<T> | undefined)[];

  /** @param slots a power of two */
  constructor(slots: number) {
    this.#entries = Array.from({ length: slots });
  }

  find(bytes: Uint8Array, from: number, to: number): T | undefined {
    const entry = this.#entries[this.#slotOf(bytes, from, to)];
    if (entry === undefined || !sameBytes(bytes, from, to, entry.octets)) return undefined;
    return entry.value;
  }

  /** @param octets owned by the cache: a view would keep a whole request alive, and change with its bytes */
  keep(octets: Uint8Array, value: T): void {
    this.#entries[this.#slotOf(octets, 0, octets.length)] = { octets, value };
  }

  #slotOf(bytes: Uint8Array, from: number, to: number): number {
    let hash = to - from;
    for (let i = Math.max(from, to - TAIL_OCTETS); i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    return hash & (this.#entries.length - 1);
  }
}
