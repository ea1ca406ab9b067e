import { StoreError } from '../store/store-error.js';

/** The end of an ingestion's time: it gives up between transactions, and waits for none without end. */
export class Deadline {
  readonly #budget: number;
  readonly #end: number;

  /** @param budget ms from now */
  constructor(budget: number) {
    this.#budget = budget;
    this.#end = performance.now() + budget;
  }

  /** Throws STORE_FAILED when it has passed. */
  check(what: string): void {
    if (performance.now() > this.#end) {
      throw new StoreError(
        'STORE_FAILED',
        `the CRL took longer than ${this.#budget} ms: given up while ${what}`,
      );
    }
  }

  /** Waits for a transaction, but no longer; the transaction itself cannot be called back. */
  async hold<T>(transaction: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          reject(
            new StoreError(
              'STORE_FAILED',
              `the CRL store did not take a transaction within ${this.#budget} ms: another process that writes it may be stopped`,
            ),
          );
        },
        Math.max(1, this.#end - performance.now()),
      );
    });
    try {
      return await Promise.race([transaction, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
