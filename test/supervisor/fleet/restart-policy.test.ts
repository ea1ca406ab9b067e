import { expect, test } from '@jest/globals';
import {
  afterDeath,
  afterOrder,
  afterStaying,
  MAX_BACKOFF,
  NO_DEATHS,
  STABLE_AFTER,
} from '../../../src/supervisor/fleet/restart-policy.js';

const settings = { limit: 3, window: 60_000, backoff: 200 };

/** Workers that die `lifetime` after their fork, each replaced as the policy says. */
function crashLoop(deaths: number, lifetime: number): { delays: number[]; degradedAt: number } {
  let history = NO_DEATHS;
  let at = 0;
  let degradedAt = -1;
  const delays: number[] = [];
  for (let n = 0; n < deaths; n++) {
    at += lifetime;
    const after = afterDeath(history, { at, ordered: false }, settings);
    history = after.history;
    if (history.degraded && degradedAt < 0) degradedAt = n;
    delays.push(after.delay);
    at += after.delay;
  }
  return { delays, degradedAt };
}

test('the first replacement is immediate, each further wait doubles up to the longest', () => {
  const { delays } = crashLoop(12, 50);
  expect(delays.slice(0, 6)).toEqual([0, 200, 400, 800, 1600, 3200]);
  expect(delays.at(-1)).toBe(MAX_BACKOFF);
});

test('one death above the limit within the window is degraded, and stays so though the window empties', () => {
  expect(crashLoop(3, 50).degradedAt).toBe(-1);
  expect(crashLoop(40, 50).degradedAt).toBe(3);
});

test('deaths further apart than the window never add up', () => {
  expect(crashLoop(20, settings.window).degradedAt).toBe(-1);
});

test.each([
  ['ordered', { at: 10, ordered: true }],
  ['after it had stayed', { at: 10 + STABLE_AFTER, readyAt: 10, ordered: false }],
])('a death that was %s is replaced at once and counts for nothing', (_, death) => {
  const history = { streak: 7, earlyDeaths: [1, 2, 3], degraded: true };
  expect(afterDeath(history, death, settings)).toEqual({ history, delay: 0 });
});

test('a death just before it had stayed counts', () => {
  const death = { at: 9 + STABLE_AFTER, readyAt: 10, ordered: false };
  expect(afterDeath(NO_DEATHS, death, settings).history.streak).toBe(1);
});

test('a worker that stays ends the alarm only if it got ready after the last early death', () => {
  const history = { streak: 7, earlyDeaths: [100, 200], degraded: true };
  expect(afterStaying(history, 150)).toBe(history);
  expect(afterStaying(history, 201)).toBe(NO_DEATHS);
});

test('an order ends the wait but not the alarm', () => {
  const history = { streak: 7, earlyDeaths: [100, 200], degraded: true };
  expect(afterOrder(history)).toEqual({ ...history, streak: 0 });
});
