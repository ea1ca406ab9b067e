import { expect, test } from '@jest/globals';
import { nextStep, UNSCALED } from '../src/scaling-policy.js';

interface Run {
  readonly counts: readonly number[];
  /** Changes of direction: grown after shrinking, or shrunk after growing. */
  readonly reversals: number;
}

/** A fleet under a load in units of one worker's capacity, sampled once a second; forking takes two samples. */
function simulate(samples: number, loadAt: (sample: number) => number, max = 8): Run {
  let state = UNSCALED;
  let count = 1;
  let settling = 0;
  let direction = 0;
  let reversals = 0;
  /** Work that could not be done yet, in seconds of one worker. */
  let behind = 0;
  const counts: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const load = loadAt(sample) + behind;
    behind = Math.min(Math.max(load - count, 0), 5);
    counts.push(count);
    if (settling-- > 0) continue;
    const busy = Math.min(load / count, 1);
    const seen = { count, busy, oldestWait: (behind / count) * 1000, pending: 0 };
    const next = nextStep(state, seen, { min: 1, max });
    state = next.state;
    if (next.step === 0) continue;
    if (direction === -next.step) reversals++;
    direction = next.step;
    count += next.step;
    settling = next.step > 0 ? 2 : 1;
  }
  return { counts, reversals };
}

/** The same numbers for every run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31 - 0.5;
  };
}

test('after a step of load it grows to where half of the time is left, and stays there', () => {
  const { counts, reversals } = simulate(600, (sample) => (sample < 20 ? 0.1 : 1.9));
  expect(counts.slice(0, 20)).toEqual(Array(20).fill(1));
  expect(new Set(counts.slice(60))).toEqual(new Set([4]));
  expect(reversals).toBe(0);
});

test('whatever the steady load, noise of a third does not make it flap', () => {
  for (let load = 0.1; load < 8; load += 0.1) {
    const random = noise(Math.round(load * 1000));
    const { counts, reversals } = simulate(2000, () => load * (1 + random() * 0.66));
    expect({ load, reversals: reversals <= 4 }).toEqual({ load, reversals: true });
    expect(new Set(counts.slice(-500)).size).toBeLessThanOrEqual(2);
  }
});

test('a sawtooth faster than its patience is soon met by standing still', () => {
  const { counts, reversals } = simulate(3600, (sample) => (sample % 60 < 30 ? 1.8 : 0.1));
  expect(reversals).toBeLessThanOrEqual(8);
  expect(new Set(counts.slice(-1200)).size).toBe(1);
});

test('a tide of hours is followed both ways', () => {
  const { counts } = simulate(4 * 3600, (sample) => (Math.floor(sample / 3600) % 2 === 0 ? 0.1 : 2.5));
  expect(Math.max(...counts.slice(3600, 7200))).toBeGreaterThanOrEqual(5);
  expect(Math.min(...counts.slice(7200, 10_800))).toBe(1);
  expect(Math.max(...counts.slice(10_800))).toBeGreaterThanOrEqual(5);
});

test('a flash crowd brings all workers as fast as they boot, and they go when it is over', () => {
  const { counts } = simulate(1000, (sample) => (sample >= 10 && sample < 100 ? 20 : 0.05));
  expect(counts.indexOf(8)).toBeLessThanOrEqual(10 + 7 * 3 + 3);
  expect(counts.at(-1)).toBe(1);
});

test('a single busy sample changes nothing, unless a request waits for long', () => {
  const bounds = { min: 1, max: 4 };
  const busy = { count: 1, busy: 1, oldestWait: 0, pending: 0 };
  expect(nextStep(UNSCALED, busy, bounds).step).toBe(0);
  expect(nextStep(UNSCALED, { ...busy, oldestWait: 600 }, bounds).step).toBe(1);
  expect(nextStep(UNSCALED, { ...busy, pending: 1 }, bounds).step).toBe(1);
  expect(nextStep(UNSCALED, { ...busy, pending: 1, count: 4 }, bounds).step).toBe(0);
});

test('it never shrinks to where it would have to grow again', () => {
  let state = UNSCALED;
  for (let sample = 0; sample < 1000; sample++) {
    const next = nextStep(state, { count: 2, busy: 0.24, oldestWait: 0, pending: 0 }, { min: 1, max: 4 });
    state = next.state;
    expect(next.step).toBe(0);
  }
});

test.each([
  [1, 1],
  [9, -1],
])('%d outside of the bounds moves by %d without waiting', (count, step) => {
  const idle = { count, busy: 0.3, oldestWait: 0, pending: 0 };
  expect(nextStep(UNSCALED, idle, { min: 2, max: 8 }).step).toBe(step);
});
