import { expect, test } from '@jest/globals';
import { HeldBytes } from '../../../src/worker/connection/held-bytes.js';

test('below the limit everybody may hold what they like', () => {
  const held = new HeldBytes(100);
  expect(held.change(0, 90)).toBe(false);
  expect(held.change(0, 10)).toBe(false);
});

test('past the limit the large that grow give up, the small and the still do not', () => {
  const held = new HeldBytes(100);
  held.change(0, 60);
  expect(held.change(0, 60)).toBe(true);
  held.change(60, 0);
  for (let n = 0; n < 8; n++) held.change(0, 5);
  expect(held.change(5, 9)).toBe(false);
  expect(held.change(9, 12)).toBe(true);
});

test('what was let go of is room for others', () => {
  const held = new HeldBytes(100);
  held.change(0, 100);
  held.change(100, 0);
  expect(held.change(0, 100)).toBe(false);
});
