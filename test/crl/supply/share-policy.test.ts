import { describe, expect, test } from '@jest/globals';
import { isOverdueHere, judge, type LocalCopy } from '../../../src/crl/supply/share-policy.js';
import type { SharedCrl } from '../../../src/crl/supply/share.js';

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;
const REFRESH = 60 * MINUTE;
const [own, another] = ['a', 'b'].map((digit) => digit.repeat(64));
const body = { id: '0'.repeat(32), size: 1 };

/** A CRL of so many minutes ago, whose server was asked so many minutes ago. */
const offer = (issued: number, asked: number, more: Partial<SharedCrl> = {}): SharedCrl => ({
  thisUpdate: NOW - issued * MINUTE,
  number: null,
  content: own ?? null,
  nextUpdate: NOW + MINUTE,
  answeredAt: NOW - asked * MINUTE,
  body,
  ...more,
});
const standing = (have: number | undefined, since = NOW - MINUTE): LocalCopy => ({
  have:
    have === undefined
      ? undefined
      : { thisUpdate: NOW - have * MINUTE, number: null, contents: ['', own ?? ''] },
  since,
  refresh: REFRESH,
  now: NOW,
});

describe('a host that has no CRL of the URL', () => {
  test.each([
    ['takes what another got within the refresh interval', offer(90, 59), 'take'],
    ['not what its server was asked for longer ago', offer(90, 61), 'nothing'],
    ['not what is past its nextUpdate', offer(90, 1, { nextUpdate: NOW }), 'nothing'],
    ['nothing without bytes', offer(90, 1, { body: null }), 'nothing'],
    ['nothing from the future', offer(90, -1), 'nothing'],
    ['one that has no nextUpdate', offer(90, 1, { nextUpdate: null }), 'take'],
  ])('%s', (_, offered, expected) => {
    expect(judge(offered, standing(undefined))).toBe(expected);
  });
});

describe('a host that has one', () => {
  test.each([
    ['takes a newer one', offer(20, 10), 30, 'take'],
    ['however long ago it came', offer(20, 90), 30, 'take'],
    ['not an older one', offer(40, 0), 30, 'nothing'],
    ['leaves it at the same one, where its server was asked since', offer(30, 0), 30, 'same'],
    ['asks itself where it was asked before', offer(30, 2), 30, 'nothing'],
    ['needs no bytes of the same one', offer(30, 0, { body: null }), 30, 'same'],
    ['takes another one of its time and number', offer(30, 0, { content: another ?? null }), 30, 'take'],
    ['not without bytes', offer(30, 0, { content: another ?? null, body: null }), 30, 'nothing'],
    ['asks itself where nobody says which', offer(30, 0, { content: null }), 30, 'nothing'],
    ['goes by the number of two of one time', offer(30, 0, { number: 2n }), 30, 'take'],
  ])('%s', (_, offered, have, expected) => {
    expect(judge(offered, standing(have))).toBe(expected);
  });

  test('does not put off its own question by less than half an interval', () => {
    const since = NOW - REFRESH;
    expect(judge(offer(90, 30), standing(90, since))).toBe('same');
    expect(judge(offer(90, 31), standing(90, since))).toBe('nothing');
  });
});

test('after four intervals of second-hand answers a host asks itself', () => {
  expect(isOverdueHere(undefined, REFRESH, NOW)).toBe(false);
  expect(isOverdueHere({ since: NOW - 4 * REFRESH + 1 }, REFRESH, NOW)).toBe(false);
  expect(isOverdueHere({ since: NOW - 4 * REFRESH }, REFRESH, NOW)).toBe(true);
});
