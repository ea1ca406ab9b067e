// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { expect, test } from '@jest/globals';
import { fire, ROUND } from '../../bench/chaos-parts/fire.js';

test('while workers are killed, stopped, blocked, hung, rolled and scaled, no client gets a wrong answer or none', async () => {
  const { tally, busy, done } = await fire(ROUND);
  expect(tally.wrong).toEqual([]);
  expect(tally.lost).toBe(0);
  expect(tally.right).toBeGreaterThan(1000);
  // Of those that died with two workers. A machine on which workers start slowly leaves few to serve the others.
  const failed = [...tally.failed.values()].reduce((sum, count) => sum + count, 0);
  expect([...tally.failed.keys()].filter((code) => code !== 'CONNECTION_LOST')).toEqual([]);
  expect(failed).toBeLessThan(tally.sent / 50);
  // It was a fire indeed, and every sickness was found and mended.
  const counts = Object.fromEntries(done);
  expect(counts).toMatchObject({
    'workers killed': ROUND,
    'workers stopped': 2,
    'workers stopped, found and ended': 2,
    'loops blocked': 2,
    'loops blocked, found and ended': 2,
    'requests made to hang': 2,
    'slow-loris attacks ended by the server': 1,
    'connect-and-close storms': 1,
    'storms of clients that close during accept': 1,
    'scaled to 1': 2,
    'scaled to 4': 1,
    'scaled to 3': 1,
  });
  expect((counts['reloads done'] ?? 0) + (counts['reloads given up'] ?? 0)).toBe(1);
  // A hung task is given up in its time, unless its worker is killed before, and the next one too.
  const given = ['hung requests answered TIMEOUT', 'hung requests that failed: CONNECTION_LOST'];
  expect(given.reduce((sum, what) => sum + (counts[what] ?? 0), 0)).toBe(2);
  // More requests at once than the queues hold: none gets anything but its answer, after any number of BUSY.
  expect(busy).toBeGreaterThan(0);
  const flood = [...done.keys()].filter((what) => what.startsWith('of a flood: '));
  expect(flood.filter((what) => !/: (?:OK|CONNECTION_LOST)$/.test(what))).toEqual([]);
  expect(counts['of a flood: OK']).toBeGreaterThan(1350);
}, 600_000);
