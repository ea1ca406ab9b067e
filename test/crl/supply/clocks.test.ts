import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { MarkJournal } from '../../../src/crl/store/notes/mark-journal.js';
import { leftAloneUntil, pastTime } from '../../../src/crl/store/records/past-times.js';
import { IssuerService } from '../../../src/crl/supply/issuer-service.js';
import { isOverdueHere } from '../../../src/crl/supply/share-policy.js';
import { answersOf, recentFailure } from '../../../src/crl/supply/url-records.js';
import { Logger } from '../../../src/log.js';
import { RepeatedWarnings } from '../../../src/repeated-warnings.js';
import type { UrlRecord } from '../../../src/wire/ingest.js';
import { crlNumber } from '../../pki/extensions.js';
import { createCrl, createRoot } from '../../pki/pki.js';
import { openScene, scratchFolder } from '../store/store-scene.js';
import { MINUTE, REFRESH, SupplyScene, want } from './supply-scene.js';

// A clock that was ahead when something was noted, and is right again: what was noted then counts as never.

const DAY = 86_400_000;
const NOW = Date.parse('2026-06-01T12:00:00Z');
const URL = 'http://crl.example/ca.crl';

/** ms that the clock was ahead; the second is what hosts of one clock may differ in. */
const CLOCKS = [365 * DAY, DAY, MINUTE, 500, 0, -MINUTE, -365 * DAY] as const;
const isAhead = (by: number): boolean => by > 1000;

test.each(CLOCKS)('times of a record that was written %d ms ahead', (by) => {
  const at = NOW + by;
  expect(pastTime(at, NOW)).toBe(isAhead(by) ? -Infinity : at);
  const record: UrlRecord = { fetchedAt: at, failures: 0, retryAt: 0 };
  expect(answersOf(record, NOW).fetchedAt).toBe(isAhead(by) ? -Infinity : at);
  const told = { ...record, fetchedAt: NOW, secondHand: { answeredAt: at, since: at } };
  expect(answersOf(told, NOW).answeredAt).toBe(isAhead(by) ? -Infinity : at);
  // Left alone for ten seconds by the clock of then.
  const failed = { fetchedAt: null, failures: 1, failedAt: at, retryAt: at + 10_000 };
  const isLeftAlone = !isAhead(by) && at + 10_000 > NOW;
  expect(leftAloneUntil(failed, NOW)).toBe(isLeftAlone ? at + 10_000 : -Infinity);
  const records = { urlRecord: (url: string) => (url === URL ? failed : undefined) };
  expect(recentFailure(records, URL, want([URL]), NOW) !== undefined).toBe(isLeftAlone);
  // Others' word is not followed for longer than four refreshes, nor for ever.
  const isOverdue = isAhead(by) || NOW - at >= 4 * REFRESH;
  expect(isOverdueHere(told.secondHand, REFRESH, NOW)).toBe(isOverdue);
});

test('what never was is never', () => {
  expect([pastTime(null, NOW), pastTime(undefined, NOW)]).toEqual([-Infinity, -Infinity]);
  expect(leftAloneUntil({ fetchedAt: null, failures: 3, retryAt: NOW + DAY }, NOW)).toBe(-Infinity);
  expect(isOverdueHere(undefined, REFRESH, NOW)).toBe(false);
});

const root = createRoot();
const crl = (number: number, thisUpdate: number): Buffer =>
  createCrl(root, {
    extensions: [crlNumber(number)],
    thisUpdate: new Date(thisUpdate),
    nextUpdate: new Date(thisUpdate + 30 * DAY),
  }).der;

test.each(CLOCKS)('a lease that was taken by a clock %d ms ahead, and one that is still held', async (by) => {
  const clock = { now: NOW + by };
  const scene = await openScene({ now: () => clock.now });
  const other = await openScene({ now: () => NOW, dataDirectory: scene.dataDirectory });
  try {
    expect(await scene.writer.acquireLease('fetch', 6000)).toBe(true);
    clock.now = NOW;
    const isHeld = !isAhead(by) && by > -6000;
    expect(await other.writer.acquireLease('fetch', 6000)).toBe(!isHeld);
  } finally {
    await other.close();
    await scene.close();
  }
});

test('a CRL that a clock that was ahead let in keeps out none that is issued now, neither in the store nor after it was made anew', async () => {
  const clock = { now: NOW + 365 * DAY };
  const dataDirectory = scratchFolder();
  const scene = await openScene({ now: () => clock.now, dataDirectory });
  try {
    expect(await scene.ingest(crl(9, NOW + 360 * DAY), root)).toMatchObject({ kind: 'stored' });
    clock.now = NOW;
    expect(await scene.ingest(crl(2, NOW - DAY), root)).toMatchObject({
      kind: 'stored',
      crl: { number: 2n },
    });
    // From here on the marks are kept as ever.
    expect(await scene.ingest(crl(1, NOW - 2 * DAY), root)).toMatchObject({ kind: 'notNewer', age: 'older' });
    const marks = new MarkJournal(dataDirectory, () => NOW).read().map(({ mark }) => mark);
    expect(marks).toMatchObject([{ thisUpdate: NOW - DAY, number: 2n }]);
  } finally {
    await scene.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});

test('a CRL whose use was noted by a clock that was ahead is not the last to be evicted', async () => {
  const clock = { now: NOW + 365 * DAY };
  const roots = [createRoot({ subject: 'A' }), createRoot({ subject: 'B' }), createRoot({ subject: 'C' })];
  const scene = await openScene({ now: () => clock.now, maxBytes: 55_000 });
  const big = (issuer: (typeof roots)[number]): Buffer =>
    createCrl(issuer, {
      thisUpdate: new Date(NOW - DAY),
      revoked: Array.from({ length: 2000 }, (_, n) => ({ serial: n + 1 })),
    }).der;
  try {
    const taken: string[] = [];
    for (const issuer of roots) {
      const outcome = await scene.ingest(big(issuer), issuer);
      if (outcome.kind !== 'stored') throw new Error(JSON.stringify(outcome));
      taken.push(outcome.crl.key);
      clock.now = NOW + taken.length * MINUTE;
    }
    await scene.ingester.tidy(taken[2]);
    scene.store.renew();
    const left = scene.store.list().map(({ key }) => key);
    expect(left.length).toBeLessThan(3);
    expect(left).not.toContain(taken[0]);
  } finally {
    await scene.close();
  }
});

test('issuers that were fetched by a clock that was ahead, or before it was set back, are asked for again', async () => {
  const clock = { now: NOW };
  let asked = 0;
  const service = new IssuerService({
    fetch: () => {
      asked++;
      return Promise.resolve({ kind: 'fetched', certificates: [] });
    },
    retry: 1000,
    log: new Logger('error', 'test', () => undefined),
    warnings: new RepeatedWarnings(new Logger('error', 'test', () => undefined)),
    now: () => clock.now,
  });
  const ask = () => service.supply([['http://ca.example/ca.cer']], 1000);
  await ask();
  clock.now -= DAY;
  await ask();
  await ask();
  expect(asked).toBe(2);
  clock.now += 2 * DAY;
  await ask();
  expect(asked).toBe(3);
});

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A CRL that is in use, fetched while the clock was so many ms ahead. */
async function inUse(by: number): Promise<SupplyScene> {
  const scene = new SupplyScene();
  scene.ahead = by;
  scene.manners.set(URL, { thisUpdate: Date.now() - DAY, nextUpdate: Date.now() + 1000 * DAY });
  const asking = scene.service.supply([want([URL])], { patience: 1000, maxAttempts: 9 });
  await jest.advanceTimersByTimeAsync(10);
  await asking;
  scene.service.used([want([URL])]);
  expect(scene.asked).toHaveLength(1);
  return scene;
}

test.each([365 * DAY, DAY, 10 * MINUTE, 0, -DAY])(
  'a CRL in use is refreshed on, though the clock was %d ms ahead when it was fetched',
  async (by) => {
    const scene = await inUse(by);
    scene.ahead = 0;
    for (const refreshes of [1, 2, 3]) {
      await jest.advanceTimersByTimeAsync(REFRESH + 12 * MINUTE);
      expect(scene.asked.length).toBeGreaterThanOrEqual(1 + refreshes);
      expect(scene.asked.length).toBeLessThanOrEqual(2 + refreshes);
    }
    await scene.service.close();
  },
);

test('so is one that was refreshed while the clock was ahead for a time', async () => {
  const scene = await inUse(0);
  scene.ahead = 100 * DAY;
  await jest.advanceTimersByTimeAsync(2 * REFRESH);
  const before = scene.asked.length;
  expect(before).toBeGreaterThanOrEqual(2);
  scene.ahead = 0;
  await jest.advanceTimersByTimeAsync(2 * REFRESH);
  expect(scene.asked.length).toBeGreaterThan(before);
  await scene.service.close();
});

test('and a request finds that what was fetched then is not known', async () => {
  const scene = await inUse(DAY);
  scene.ahead = 0;
  const asking = scene.service.supply([want([URL])], { patience: 1000, maxAttempts: 9 });
  await jest.advanceTimersByTimeAsync(10);
  expect(await asking).toMatchObject({ failures: [], attempts: 1 });
  expect(scene.asked).toHaveLength(2);
  await scene.service.close();
});
