/** Attempts kept for each want before another. */
const RESERVE = 4;

/** Addresses that one request may still ask, over all CRLs that it wants at once. */
export class Attempts {
  #left: number;
  #made = 0;
  /** For each want, in the order of importance: the addresses that may still have to be asked. */
  readonly #open: number[];
  /** Wants of which an address was asked. */
  readonly #begun = new Set<number>();

  /** @param addresses how many each want has */
  constructor(most: number, addresses: readonly number[]) {
    this.#left = most;
    this.#open = [...addresses];
  }

  get made(): number {
    return this.#made;
  }

  /**
   * Pays for asking one more address of a want; false: there is nothing left for it. Beyond the first of each some are
   * kept for the wants before it, so that many addresses at which nothing lies do not use up those of a CA above.
   */
  pay(want: number): boolean {
    const before = this.#begun.has(want) ? this.#open.slice(0, want) : [];
    const kept = before.reduce((sum, open) => sum + Math.min(open, RESERVE), 0);
    if (this.#left <= kept) return false;
    this.#begun.add(want);
    this.#left--;
    this.#made++;
    this.#open[want] = (this.#open[want] ?? 1) - 1;
    return true;
  }

  /** Nothing more is asked for this want. */
  end(want: number): void {
    this.#open[want] = 0;
  }
}
