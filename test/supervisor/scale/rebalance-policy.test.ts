import { expect, test } from '@jest/globals';
import { nextStep, UNSCALED } from '../../../src/scaling-policy.js';
import {
  afterNewWorker,
  BALANCED,
  nextShares,
  type RebalanceState,
} from '../../../src/supervisor/scale/rebalance-policy.js';

/** Clients that were sent away come back to the worker with the fewest connections. */
function step(state: RebalanceState, active: number[]): { state: RebalanceState; moved: number } {
  const next = nextShares(state, active);
  let moved = 0;
  for (const [worker, share] of next.shares.entries()) {
    active[worker] = (active[worker] ?? 0) - share;
    moved += share;
  }
  for (let n = 0; n < moved; n++) {
    const least = active.indexOf(Math.min(...active));
    active[least] = (active[least] ?? 0) + 1;
  }
  return { state: next.state, moved };
}

function steps(
  state: RebalanceState,
  active: number[],
  looks: number,
): { state: RebalanceState; moved: number } {
  let moved = 0;
  for (let look = 0; look < looks; look++) {
    const next = step(state, active);
    state = next.state;
    moved += next.moved;
  }
  return { state, moved };
}

test.each([
  [
    [8, 0],
    [4, 4],
  ],
  [
    [8, 0, 0, 0],
    [2, 2, 2, 2],
  ],
  [
    [1000, 0],
    [500, 500],
  ],
  [
    [3, 0],
    [2, 1],
  ],
])('%j becomes even after a new worker, and nothing moves after that', (before, after) => {
  const active = [...before];
  const { state, moved } = steps(afterNewWorker(BALANCED), active, 20);
  expect(active.toSorted((a, b) => b - a)).toEqual(after);
  expect(moved).toBeLessThanOrEqual(before[0] ?? 0);
  expect(steps(state, active, 100).moved).toBe(0);
});

test('an imbalance over two must last before clients are moved, and one below never moves any', () => {
  expect(steps(BALANCED, [8, 4], 100).moved).toBe(0);
  expect(steps(BALANCED, [3, 0], 100).moved).toBe(0);
  expect(steps(BALANCED, [9, 4], 2).moved).toBe(0);
  const active = [9, 4];
  expect(steps(BALANCED, active, 20).moved).toBe(2);
  expect(active).toEqual([7, 6]);
});

test('a step takes no more than a quarter of what a worker serves', () => {
  expect(nextShares(afterNewWorker(BALANCED), [100, 0]).shares).toEqual([25, 0]);
});

test('clients that always come back to the same worker are left in peace for most of the time', () => {
  let state = afterNewWorker(BALANCED);
  let moved = 0;
  for (let look = 0; look < 600; look++) {
    const next = nextShares(state, [40, 0]);
    state = next.state;
    moved += next.shares.some((share) => share > 0) ? 1 : 0;
  }
  expect(moved).toBeLessThan(120);
});

test('long-lived connections: workers are added one by one, all share the load, and neither policy flaps', () => {
  const demand = 0.3;
  const active = [8];
  let scaling = UNSCALED;
  let balance = BALANCED;
  const counts: number[] = [];
  for (let look = 0; look < 600; look++) {
    const busy = active.map((clients) => Math.min(clients * demand, 1));
    const sample = {
      count: active.length,
      busy: busy.reduce((sum, share) => sum + share, 0) / active.length,
      oldestWait: 0,
      pending: 0,
    };
    const next = nextStep(scaling, sample, { min: 1, max: 8 });
    scaling = next.state;
    if (next.step === 1) {
      active.push(0);
      balance = afterNewWorker(balance);
    }
    expect(next.step).not.toBe(-1);
    balance = step(balance, active).state;
    counts.push(active.length);
  }
  expect(active.reduce((sum, each) => sum + each, 0)).toBe(8);
  expect(Math.max(...active) - Math.min(...active)).toBeLessThan(2);
  expect(counts.at(-1)).toBe(counts[100]);
  expect(counts.at(-1)).toBeGreaterThanOrEqual(5);
});
