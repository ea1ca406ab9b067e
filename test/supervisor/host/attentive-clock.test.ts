import { expect, test } from '@jest/globals';
import { AttentiveClock } from '../../../src/supervisor/host/attentive-clock.js';

function ticked(period: number): { clock: AttentiveClock; pass: (milliseconds: number) => void } {
  let real = 5000;
  const clock = new AttentiveClock(period, () => real);
  return { clock, pass: (milliseconds) => (real += milliseconds) };
}

test('it counts all the time between ticks that come as they should', () => {
  const { clock, pass } = ticked(100);
  for (let n = 0; n < 10; n++) {
    pass(110);
    clock.tick();
  }
  pass(30);
  expect(clock.now()).toBe(1130);
});

test('an hour of suspension counts as two periods, before its late tick and after', () => {
  const { clock, pass } = ticked(100);
  pass(3_600_000);
  expect(clock.now()).toBe(200);
  clock.tick();
  expect(clock.now()).toBe(200);
  pass(50);
  expect(clock.now()).toBe(250);
});
