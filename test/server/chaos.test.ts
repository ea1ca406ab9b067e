import { expect, test } from '@jest/globals';
import { fire } from '../../bench/chaos-parts/fire.js';

test('while workers are killed, stopped, blocked, hung and rolled, no client gets a wrong answer or none', async () => {
  const { tally, done } = await fire(10);
  expect(tally.wrong).toEqual([]);
  expect(tally.lost).toBe(0);
  expect(tally.right).toBeGreaterThan(1000);
  // It was a fire indeed.
  const counts = Object.fromEntries(done);
  expect(counts['workers killed']).toBeGreaterThan(0);
  expect(counts['requests made to hang']).toBeGreaterThan(0);
  expect(counts['slow-loris attacks ended by the server']).toBe(1);
  expect(counts['connect-and-close storms']).toBe(1);
  // The flood's own requests too: a worker may be killed twice over one of them, and no other answer is right.
  const flood = [...done.keys()].filter((what) => what.startsWith('of a flood: '));
  expect(flood.filter((what) => !/: (?:OK|BUSY|CONNECTION_LOST)$/.test(what))).toEqual([]);
  expect(counts['of a flood: OK']).toBeGreaterThan(750);
}, 400_000);
