import { beforeEach, expect, test } from '@jest/globals';
import { Orders, type OrderTaker } from '../../../src/supervisor/fleet/orders.js';
import type { ToWorker } from '../../../src/wire/ipc.js';

class Taker implements OrderTaker {
  readonly told: ToWorker[] = [];
  readonly worker: number;

  constructor(worker: number) {
    this.worker = worker;
  }

  send(message: ToWorker): void {
    this.told.push(message);
  }
}

const BODY = Buffer.of(1);
let orders: Orders;
let taker: Taker;
beforeEach(() => {
  orders = new Orders();
  taker = new Taker(1);
});

test('an order goes to its worker, and the answer back', async () => {
  const answer = orders.give(taker, 'fetch', BODY);
  expect(taker.told).toEqual([{ type: 'order', order: 1, name: 'fetch', body: BODY }]);
  orders.answered(taker, 1, { ok: true, body: Buffer.of(2) });
  expect(await answer).toEqual({ ok: true, result: Buffer.of(2) });
});

test('only its own worker answers an order, and only once', async () => {
  const answer = orders.give(taker, 'fetch', BODY);
  orders.answered(new Taker(2), 1, { ok: true, body: Buffer.of(9) });
  orders.answered(taker, 7, { ok: true, body: Buffer.of(9) });
  orders.answered(taker, 1, { ok: false, code: 'ORDER_FAILED', message: 'no' });
  orders.answered(taker, 1, { ok: true, body: Buffer.of(9) });
  expect(await answer).toEqual({ ok: false, code: 'ORDER_FAILED', message: 'no' });
});

test('an order ends with its worker, and no other does', async () => {
  const other = new Taker(2);
  const [lost, kept] = [orders.give(taker, 'fetch', BODY), orders.give(other, 'fetch', BODY)];
  orders.lost(taker);
  expect(await lost).toMatchObject({ ok: false, code: 'WORKER_LOST' });
  orders.answered(other, 2, { ok: true, body: BODY });
  expect(await kept).toEqual({ ok: true, result: BODY });
});

test('without a worker, and beyond the limit, an order is refused at once', async () => {
  expect(await orders.give(undefined, 'fetch', BODY)).toMatchObject({ ok: false, code: 'BUSY' });
  for (let n = 0; n < 256; n++) void orders.give(taker, 'fetch', BODY);
  expect(await orders.give(taker, 'fetch', BODY)).toMatchObject({ ok: false, code: 'BUSY' });
  orders.answered(taker, 1, { ok: true, body: BODY });
  void orders.give(taker, 'fetch', BODY);
  expect(taker.told).toHaveLength(257);
});
