import { expect, test } from '@jest/globals';
import { oncePerTurn } from '../../../src/worker/requests/once-per-turn.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('it is asked once in a turn of the loop, and anew in the next', async () => {
  let value = 0;
  const read = oncePerTurn(() => ++value);
  expect([read(), read()]).toEqual([1, 1]);
  await Promise.resolve();
  expect(read()).toBe(1);
  await nextTurn();
  expect([read(), read()]).toEqual([2, 2]);
});

test('an error is not kept as an answer for others', () => {
  let fails = true;
  const read = oncePerTurn(() => {
    if (fails) throw new Error('not now');
    return 'there';
  });
  expect(read).toThrow('not now');
  fails = false;
  expect(read()).toBe('there');
});
