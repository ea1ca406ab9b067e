import { expect, test } from '@jest/globals';
import {
  type Candidate,
  choose,
  MAX_UNACKNOWLEDGED,
} from '../../../src/supervisor/dispatch/dispatch-policy.js';

const idle: Candidate = { inFlight: 0, unacknowledged: 0, connections: 0, lastUse: 0, resting: false };

test.each<[string, Partial<Candidate>, Partial<Candidate>]>([
  ['fewer requests in flight', { inFlight: 1, connections: 90 }, { inFlight: 2 }],
  ['a handover on its way counts as a request', { inFlight: 1 }, { unacknowledged: 2 }],
  ['on a tie, fewer connections', { connections: 3, lastUse: 9 }, { connections: 4 }],
  ['on a tie of both, the one used longest ago', { lastUse: 1 }, { lastUse: 2 }],
  ['whoever does not rest', { inFlight: 1000 }, { resting: true }],
  ['whoever acknowledges', { inFlight: 1000 }, { unacknowledged: MAX_UNACKNOWLEDGED }],
])('%s wins', (_, better, worse) => {
  const [winner, loser] = [
    { ...idle, ...better },
    { ...idle, ...worse },
  ];
  expect(choose([winner, loser])).toBe(winner);
  expect(choose([loser, winner])).toBe(winner);
});

test('no worker is chosen when all pause or are full', () => {
  expect(choose([])).toBeUndefined();
  expect(
    choose([
      { ...idle, resting: true },
      { ...idle, unacknowledged: MAX_UNACKNOWLEDGED },
    ]),
  ).toBeUndefined();
});

test('a burst between two reports is spread evenly', () => {
  const slots = Array.from({ length: 4 }, () => Object.assign({}, idle));
  for (let use = 1; use <= 40; use++) {
    const slot = choose(slots);
    if (slot) Object.assign(slot, { unacknowledged: slot.unacknowledged + 1, lastUse: use });
  }
  expect(slots.map(({ unacknowledged }) => unacknowledged)).toEqual([10, 10, 10, 10]);
});
