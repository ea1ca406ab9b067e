import { sameBytes } from './same-bytes.js';

interface Entry<T> {
  readonly octets: Uint8Array;
  readonly value: T;
}

/** Octets that are hashed: the end of a name, of an OID or of an algorithm tells it apart. */
const TAIL = 16;

/**
 * What was read lately from octets that come again and again, so that the same few dozen are not read for every
 * certificate: each has one slot, found by a hash of its octets, and gives way to the next with the same hash; input
 * cannot make it grow.
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

  /** @param octets nobody else's: a view would keep a whole request, and change when its bytes do. */
  keep(octets: Uint8Array, value: T): void {
    this.#entries[this.#slotOf(octets, 0, octets.length)] = { octets, value };
  }

  #slotOf(bytes: Uint8Array, from: number, to: number): number {
    let hash = to - from;
    for (let i = Math.max(from, to - TAIL); i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    return hash & (this.#entries.length - 1);
  }
}
