import { expect, test } from '@jest/globals';
import { HandoverLedger } from '../../../src/worker/connection/handover-ledger.js';

test('handles in order are wanted, and none is lost', () => {
  const ledger = new HandoverLedger();
  expect([1, 2, 3].map((id) => ledger.arrive(id))).toEqual(
    Array.from({ length: 3 }, () => ({ lost: [], wanted: true })),
  );
});

test('a gap names the lost handles, once', () => {
  const ledger = new HandoverLedger();
  expect(ledger.arrive(3)).toEqual({ lost: [1, 2], wanted: true });
  expect(ledger.arrive(4)).toEqual({ lost: [], wanted: true });
});

test('a revoked connection is unwanted when it comes, and not lost when it does not', () => {
  const ledger = new HandoverLedger();
  expect(ledger.revoke([1, 3])).toEqual([1, 3]);
  expect(ledger.arrive(1)).toEqual({ lost: [], wanted: false });
  expect(ledger.arrive(5)).toEqual({ lost: [2, 4], wanted: true });
});

test('what has come is not revoked any more', () => {
  const ledger = new HandoverLedger();
  ledger.arrive(1);
  expect(ledger.revoke([1, 2])).toEqual([2]);
});

test('a handle that came before, or from beyond any gap, is not touched', () => {
  const ledger = new HandoverLedger();
  ledger.arrive(1);
  expect(ledger.arrive(1)).toEqual({ lost: [], wanted: false });
  expect(ledger.arrive(Number.MAX_SAFE_INTEGER)).toEqual({ lost: [], wanted: false });
  expect(ledger.arrive(2)).toEqual({ lost: [], wanted: true });
});

test('it is settled up to an id when every handle before it came or was revoked', () => {
  const ledger = new HandoverLedger();
  expect(ledger.isSettled(0)).toBe(true);
  ledger.arrive(1);
  expect(ledger.isSettled(2)).toBe(false);
  ledger.revoke([3]);
  expect(ledger.isSettled(3)).toBe(false);
  ledger.arrive(2);
  expect(ledger.isSettled(3)).toBe(true);
  expect(ledger.isSettled(4)).toBe(false);
});
