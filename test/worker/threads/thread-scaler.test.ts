import { expect, test } from '@jest/globals';
import { Logger } from '../../../src/log.js';
import { BusyTime } from '../../../src/worker/threads/busy-time.js';
import { RequestQueue } from '../../../src/worker/requests/request-queue.js';
import type { ThreadPool } from '../../../src/worker/threads/thread-pool.js';
import { ThreadScaler } from '../../../src/worker/threads/thread-scaler.js';
import { FakeClock } from '../fake-clock.js';

test('threads are added while all are busy, and ended when they have little to do', () => {
  const clock = new FakeClock();
  const sizes: number[] = [];
  const pool = {
    busyTime: new BusyTime(clock),
    wanted: 1,
    settled: true,
    resize(count: number): void {
      this.wanted = count;
      sizes.push(count);
    },
  };
  const queue = new RequestQueue(10, 10);
  const log = new Logger('error', 'test', () => {});
  new ThreadScaler(pool as unknown as ThreadPool, queue, { min: 1, max: 3 }, clock, log).start();
  for (let thread = 0; thread < 3; thread++) pool.busyTime.begin();
  clock.advance(20_000);
  expect(sizes).toEqual([2, 3]);
  for (let thread = 0; thread < 3; thread++) pool.busyTime.end();
  pool.settled = false;
  clock.advance(20_000);
  expect(sizes).toEqual([2, 3]);
  pool.settled = true;
  clock.advance(30_000);
  expect(sizes).toEqual([2, 3, 2, 1]);
});
