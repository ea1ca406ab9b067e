/** What to make of a handle that arrived, or did not. */
export interface Arrival {
  /** Ids before it that never came: their handles are lost (EMFILE here), and the primary must hear of it. */
  readonly lost: readonly number[];
  /** False when the primary has taken this connection back, or sent it before: it is not to be touched. */
  readonly wanted: boolean;
}

/** A gap wider than this is no lost handle but a broken primary. */
const MAX_GAP = 100_000;

/**
 * Keeps account of the connections handed to this worker. Ids count up from 1 and handles arrive in their order,
 * but revocations come by another way and may overtake them:
 *
 *      1   2   3   4   5   6   7
 *      ▲   ▲   ·   ▲       r
 *      arrived lost│       └ revoked before it came: never touched when it does
 *                  └ next is 5
 */
export class HandoverLedger {
  #next = 1;
  readonly #revoked = new Set<number>();

  arrive(id: number): Arrival {
    if (id < this.#next || id - this.#next > MAX_GAP) return { lost: [], wanted: false };
    const lost: number[] = [];
    for (; this.#next < id; this.#next++) {
      if (!this.#revoked.delete(this.#next)) lost.push(this.#next);
    }
    this.#next = id + 1;
    return { lost, wanted: !this.#revoked.delete(id) };
  }

  /** Those of these ids that had not come yet: they will never be touched. */
  revoke(ids: readonly number[]): number[] {
    const revoked = ids.filter((id) => id >= this.#next);
    for (const id of revoked) this.#revoked.add(id);
    return revoked;
  }

  /** Whether every handle up to this id has come, or will not be missed. */
  isSettled(lastId: number): boolean {
    for (let id = this.#next; id <= lastId; id++) if (!this.#revoked.has(id)) return false;
    return true;
  }
}
