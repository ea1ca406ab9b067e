import type { ControlResponse } from '../../wire/control.js';
import type { OrderOutcome, ToWorker } from '../../wire/ipc.js';

/** The worker's handle that an order is sent to. */
export interface OrderTaker {
  readonly worker: number;
  send(message: ToWorker): void;
}

interface OpenOrder {
  readonly taker: OrderTaker;
  settle(response: ControlResponse): void;
}

/** Orders under way at once. */
const MAX_OPEN = 256;

/**
 * Orders of operators to the services of a worker; the supervisor does not know their meaning. An order ends with its
 * worker's answer or death; a worker that hangs is ended by its own deadline.
 */
export class Orders {
  readonly #open = new Map<number, OpenOrder>();
  #next = 1;

  /** @param taker `undefined` if no worker can take the order */
  give(taker: OrderTaker | undefined, name: string, body: Uint8Array): Promise<ControlResponse> {
    if (taker === undefined) return Promise.resolve(failed('BUSY', 'no worker is ready; try again'));
    if (this.#open.size >= MAX_OPEN)
      return Promise.resolve(failed('BUSY', `${MAX_OPEN} orders are under way; try again`));
    const order = this.#next++;
    return new Promise((settle) => {
      this.#open.set(order, { taker, settle });
      taker.send({ type: 'order', order, name, body });
    });
  }

  answered(taker: OrderTaker, order: number, outcome: OrderOutcome): void {
    const open = this.#open.get(order);
    if (open?.taker !== taker) return;
    this.#open.delete(order);
    open.settle(outcome.ok ? { ok: true, result: outcome.body } : outcome);
  }

  /** The worker is gone. */
  lost(taker: OrderTaker): void {
    for (const [order, open] of this.#open) {
      if (open.taker !== taker) continue;
      this.#open.delete(order);
      open.settle(failed('WORKER_LOST', `worker ${taker.worker} ended before it had done what was ordered`));
    }
  }
}

function failed(code: string, message: string): ControlResponse {
  return { ok: false, code, message };
}
