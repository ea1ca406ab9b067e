import { expect, test } from '@jest/globals';
import { TicketKeys } from '../../../src/supervisor/listen/ticket-keys.js';

test('the key of session tickets is a new one after an hour, and not before', () => {
  let now = 0;
  const keys = new TicketKeys(() => now);
  const first = keys.key;
  expect(first).toHaveLength(48);
  now = 3_599_999;
  expect(keys.rotate()).toBe(false);
  expect(keys.key).toBe(first);
  now = 3_600_000;
  expect(keys.rotate()).toBe(true);
  expect(keys.key).not.toEqual(first);
  expect(keys.rotate()).toBe(false);
});
