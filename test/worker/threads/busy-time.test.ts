import { expect, test } from '@jest/globals';
import { BusyShare, BusyTime } from '../../../src/worker/threads/busy-time.js';
import { FakeClock } from '../fake-clock.js';

test('the share counts every busy thread for as long as it was busy, and begins anew with each question', () => {
  const clock = new FakeClock();
  const time = new BusyTime(clock);
  const share = new BusyShare(time, clock);
  expect(share.sinceLastAsked(2)).toBe(0);
  time.begin();
  clock.advance(10);
  time.begin();
  clock.advance(10);
  time.end();
  time.end();
  clock.advance(10);
  expect(share.sinceLastAsked(2)).toBe(0.5);
  clock.advance(100);
  expect(share.sinceLastAsked(2)).toBe(0);
  time.begin();
  clock.advance(100);
  expect(share.sinceLastAsked(1)).toBe(1);
});
