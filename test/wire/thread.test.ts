import { expect, test } from '@jest/globals';
import { Progress } from '../../src/wire/thread.js';

test('what one side says of its task the other side sees', () => {
  const thread = new Progress();
  const loop = new Progress(thread.shared);
  thread.begin(3, 12_345_678_901_234n);
  expect(loop.running()).toEqual({ index: 3, startedAt: 12_345_678_901_234n });
  thread.rest();
  expect(loop.running()).toBeUndefined();
});
