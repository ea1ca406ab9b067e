import { expect, test } from '@jest/globals';
import { Progress } from '../../src/wire/thread.js';

test('what one side says of its task the other side sees', () => {
  const thread = new Progress();
  const loop = new Progress(thread.shared);
  thread.rest();
  expect(loop.running()).toBeUndefined();
  expect(thread.begin(0, 12_345_678_901_000n)).toBe(true);
  expect(thread.begin(1, 12_345_678_901_234n)).toBe(true);
  expect(loop.running()).toEqual({ index: 1, startedAt: 12_345_678_901_234n });
  thread.rest();
  expect(loop.running()).toBeUndefined();
});

test('behind a task that was made the last no other begins, until the thread was at rest', () => {
  const thread = new Progress();
  const loop = new Progress(thread.shared);
  thread.rest();
  thread.begin(0, 1n);
  expect(loop.makeLast(0)).toBe(true);
  expect(loop.running()).toEqual({ index: 0, startedAt: 1n });
  expect(loop.makeLast(0)).toBe(false);
  expect(thread.begin(1, 2n)).toBe(false);
  thread.rest();
  expect(thread.begin(0, 3n)).toBe(true);
  expect(loop.running()).toEqual({ index: 0, startedAt: 3n });
});

test('a task that was left behind meanwhile is not made the last', () => {
  const thread = new Progress();
  const loop = new Progress(thread.shared);
  thread.rest();
  thread.begin(0, 1n);
  thread.begin(1, 2n);
  expect(loop.makeLast(0)).toBe(false);
  expect(thread.begin(2, 3n)).toBe(true);
  thread.rest();
  expect(loop.makeLast(2)).toBe(false);
});
