import { expect, test } from '@jest/globals';
import { ConnectionAges } from '../../../src/worker/connection/connection-ages.js';
import { FakeClock } from '../fake-clock.js';

test('each connection gets old once, none of ten that came together with all others', () => {
  const clock = new FakeClock();
  const start = clock.now();
  const old = new Map<number, number>();
  const ages = new ConnectionAges<number>(1000, clock, (connection) => {
    old.set(connection, clock.now() - start);
  });
  const watches = Array.from({ length: 10 }, (_, n) => ages.watch(n));
  ages.forget(watches[3]);
  clock.advance(5000);
  expect(old.size).toBe(9);
  expect(Math.min(...old.values())).toBe(900);
  expect(Math.max(...old.values())).toBe(1100);
  expect(new Set(old.values()).size).toBe(5);
});

test('without a limit nothing is watched', () => {
  const clock = new FakeClock();
  const ages = new ConnectionAges<string>(0, clock, () => {
    throw new Error('nothing is too old');
  });
  ages.forget(ages.watch('a'));
  expect(clock.pending).toBe(0);
});
