/**
 * What all connections of a worker hold of requests that are not whole yet. Each request is bounded by itself, but
 * thousands of them begun at once are not: past the limit whoever holds more than an even share of it, and grows,
 * has to give up. A small request always fits, and the whole stays below twice the limit.
 */
export class HeldBytes {
  readonly #max: number;
  #total = 0;
  #holders = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** To be told of every change of a connection's own bytes. Whether that connection has to give up. */
  change(before: number, now: number): boolean {
    this.#total += now - before;
    this.#holders += Number(now > 0) - Number(before > 0);
    return now > before && this.#total > this.#max && now > this.#max / this.#holders;
  }
}
