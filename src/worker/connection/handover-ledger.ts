/** What follows from a handle's arrival. */
export interface Arrival {
  /** Earlier ids whose handles did not arrive: they are lost (for example by EMFILE), and the primary must be told. */
  readonly lost: readonly number[];
  /** False if the primary has revoked this connection or sent it before: it must not be used. */
  readonly wanted: boolean;
}

/** The widest gap that lost handles may explain; beyond it the primary is broken. */
const MAX_GAP = 100_000;

/**
 * Records the connections handed to this worker. Ids increase from 1 and handles arrive in their order, but revocations
 * come through another pipe and may overtake them:
 *
 *      1   2   3   4   5   6   7
 *      ▲   ▲   ·   ▲       r
 *      arrived lost│       └ revoked before it came: ignored when it comes
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

  /** Returns the ids that have not arrived yet; their connections will be ignored. */
  revoke(ids: readonly number[]): number[] {
    const revoked = ids.filter((id) => id >= this.#next);
    for (const id of revoked) this.#revoked.add(id);
    return revoked;
  }

  /** Whether every handle up to this id has arrived or was revoked. */
  isSettled(lastId: number): boolean {
    for (let id = this.#next; id <= lastId; id++) if (!this.#revoked.has(id)) return false;
    return true;
  }
}
