/**
 * The memory for incomplete requests on all connections of a worker. Each request has a limit of its own, but thousands
 * of them at once do not: beyond the common limit, a connection that holds more than an even share and grows must give
 * up. A small request always fits, and the sum stays below twice the limit.
 */
export class HeldBytes {
  readonly #max: number;
  #total = 0;
  #holders = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** To be called for every change of a connection's bytes. Returns whether that connection must give up. */
  change(before: number, now: number): boolean {
    this.#total += now - before;
    this.#holders += Number(now > 0) - Number(before > 0);
    return now > before && this.#total > this.#max && now > this.#max / this.#holders;
  }
}
