import type { Client, Flow } from './flow.js';
import { Heaviest } from './heaviest.js';

/** The places of a queue: their number, who has them, and who gives some up when there are too few. */
export class Places<R> {
  readonly #max: number;
  readonly #bytesPerPlace: number;
  readonly #heaviest = new Heaviest<Client<R>>();
  #taken = 0;

  constructor(max: number, maxBytes: number) {
    this.#max = max;
    this.#bytesPerPlace = maxBytes / max;
  }

  /** The places that a request with a body of so many bytes takes. */
  of(size: number): number {
    return size <= this.#bytesPerPlace ? 1 : Math.ceil(size / this.#bytesPerPlace);
  }

  /** How many places are missing for such a request; 0 if the queue is empty. */
  missing(size: number): number {
    return this.#taken === 0 ? 0 : this.#taken + this.of(size) - this.#max;
  }

  /** A connection takes so many places; gives them back if the number is negative. */
  occupy(flow: Flow<R>, places: number): void {
    const { client } = flow;
    this.#taken += places;
    flow.places += places;
    client.heaviest.changed(flow, flow.places - places);
    client.places += places;
    this.#heaviest.changed(client, client.places - places);
  }

  /**
   * The client, or the connection of the same client, that gives up the missing places for a request of this
   * connection. It must not have fewer places afterwards than this one; undefined if there is none.
   */
  whoGives(flow: Flow<R>, places: number, missing: number): Client<R> | Flow<R> | undefined {
    const { client } = flow;
    const other = this.#heaviest.first;
    if (other && other !== client && other.places - missing >= client.places + places) return other;
    const sibling = client.heaviest.first;
    return sibling && sibling !== flow && sibling.places - missing >= flow.places + places
      ? sibling
      : undefined;
  }
}
