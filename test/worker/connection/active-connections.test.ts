import { expect, test } from '@jest/globals';
import { ACTIVE_FOR, ActiveConnections } from '../../../src/worker/connection/active-connections.js';
import { FakeClock } from '../fake-clock.js';

test('a connection is active until it has asked nothing for a while', () => {
  const clock = new FakeClock();
  const active = new ActiveConnections<string>(clock);
  const a = active.of('a');
  active.touch(a);
  active.touch(active.of('b'));
  clock.advance(ACTIVE_FOR - 1);
  active.touch(a);
  expect(active.count()).toBe(2);
  clock.advance(2);
  expect(active.count()).toBe(1);
  expect(active.latest(5)).toEqual(['a']);
});

test('those that asked last come first, and the forgotten not at all', () => {
  const active = new ActiveConnections<string>(new FakeClock());
  const [a, b, c, d] = [active.of('a'), active.of('b'), active.of('c'), active.of('d')];
  for (const activity of [a, b, c, d, b]) active.touch(activity);
  active.forget(d);
  active.forget(active.of('never heard'));
  expect(active.latest(2)).toEqual(['b', 'c']);
  expect(active.latest(0)).toEqual([]);
});
