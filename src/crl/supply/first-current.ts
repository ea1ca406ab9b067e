export interface RaceOptions<T> {
  /** Asks one address. Never rejects. */
  readonly ask: (address: string, place: number) => Promise<T>;
  /** Does what came of one address settle it? */
  readonly isGood: (outcome: T) => boolean;
  /** ms that an address may take before the next one is asked beside it. */
  readonly headStart: number;
  /** The caller does not wait any longer; running downloads go on. */
  readonly late?: Promise<unknown>;
}

/** The result for each address, in their order: `late` if it has not answered, `unasked` if it was not asked. */
export interface Race<T> {
  readonly winner: T | undefined;
  readonly outcomes: readonly (T | 'late' | 'unasked')[];
}

/** Addresses of one thing that are asked at once. */
export const MAX_BESIDE = 4;

/**
 * Asks addresses that should all have the same, one after the other, until one has it. One that is slow does not hold
 * up the others: the next is asked beside it after a head start (as RFC 8305 §5 has it for connections), and the first
 * that has it settles it.
 *
 *     1 ├──── hangs ─────────────────────┄┄ goes on
 *     2   ├─ fails ┤
 *     3            ├─ has it ┤ settled
 */
export async function firstCurrent<T>(
  addresses: readonly string[],
  { ask, isGood, headStart, late }: RaceOptions<T>,
): Promise<Race<T>> {
  const outcomes: (T | 'late' | 'unasked')[] = addresses.map(() => 'unasked');
  return new Promise((resolve) => {
    let next = 0;
    let running = 0;
    let isSettled = false;
    let timer: NodeJS.Timeout | undefined;
    const settle = (winner: T | undefined): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      resolve({ winner, outcomes: [...outcomes] });
    };
    const end = (place: number, outcome: T): void => {
      running--;
      if (isSettled) return;
      outcomes[place] = outcome;
      if (isGood(outcome)) settle(outcome);
      else start();
    };
    const start = (): void => {
      clearTimeout(timer);
      const place = next;
      const address = addresses[place];
      if (address === undefined) {
        if (running === 0) settle(undefined);
        return;
      }
      if (running >= MAX_BESIDE) return;
      next++;
      running++;
      outcomes[place] = 'late';
      void ask(address, place).then((outcome) => end(place, outcome));
      timer = setTimeout(start, headStart);
    };
    void late?.then(() => settle(undefined));
    start();
  });
}

/** ms of head start, unless the caller waits for less. */
const HEAD_START = 1000;

/** The head start for so many addresses of which the last shall still have its time within `patience` ms. */
export function headStartFor(addresses: number, patience = Infinity): number {
  return Math.min(HEAD_START, patience / (Math.min(addresses, MAX_BESIDE) + 1));
}
