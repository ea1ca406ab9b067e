import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Share, SharedCrl } from '../../../src/crl/supply/share.js';
import { type Lying, MINUTE, SupplyScene, want } from './supply-scene.js';

// What another host says of a URL, which is not to be believed.

const HOUR = 60 * MINUTE;
const URLS = ['http://crl.example/first.crl', 'http://crl.example/second.crl'];

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Has this CRL of the first URL, and says that of it. */
function shareOf(bytes: Lying, claims: Partial<SharedCrl>): Share {
  const offer: SharedCrl = {
    thisUpdate: bytes.thisUpdate,
    nextUpdate: bytes.nextUpdate,
    number: null,
    content: null,
    answeredAt: Date.now(),
    body: { id: 'b', size: 1 },
    ...claims,
  };
  return {
    look: (url) => Promise.resolve(url === URLS[0] ? offer : undefined),
    read: () => Promise.resolve(Buffer.from(JSON.stringify(bytes))),
    acquireLease: () => Promise.resolve(true),
    releaseLease: () => Promise.resolve(),
    stage: () => Promise.resolve(undefined),
    publish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
    count: () => undefined,
  };
}

const lying = (thisUpdate: number, nextUpdate: number): Lying => ({
  thisUpdate: Date.now() + thisUpdate,
  nextUpdate: Date.now() + nextUpdate,
});

async function supply(scene: SupplyScene, from = URLS) {
  const asking = scene.service.supply([want(from)], { patience: 20_000, maxAttempts: 64 });
  await jest.advanceTimersByTimeAsync(5000);
  return asking;
}

test('a current CRL of another host is taken, and no server is asked', async () => {
  const good = lying(-HOUR, HOUR);
  const scene = new SupplyScene({ share: shareOf(good, {}) });
  expect((await supply(scene)).failures).toEqual([]);
  expect(scene.stored).toMatchObject(good);
  expect(scene.asked).toEqual([]);
});

test('one that is past its time, whatever is said of it, makes the servers be asked, the next address among them', async () => {
  const stale = lying(-48 * HOUR, -HOUR);
  const scene = new SupplyScene({ share: shareOf(stale, { nextUpdate: Date.now() + HOUR }) });
  scene.manners.set(URLS[0]!, stale);
  scene.manners.set(URLS[1]!, lying(-HOUR, HOUR));
  expect((await supply(scene)).failures).toEqual([]);
  expect(scene.askedUrls).toEqual(URLS);
});

test('nor does its word that a CRL which is past its time is still the newest', async () => {
  const stale = lying(-48 * HOUR, -HOUR);
  let share: Share | undefined;
  const scene = new SupplyScene({
    share: new Proxy(shareOf(stale, {}), {
      get: (none, name: keyof Share) => (share ?? { ...none, look: () => Promise.resolve(undefined) })[name],
    }),
  });
  scene.manners.set(URLS[0]!, stale);
  expect((await supply(scene, URLS.slice(0, 1))).failures).toMatchObject([{ code: 'CRL_STALE' }]);
  await jest.advanceTimersByTimeAsync(10 * MINUTE);
  share = shareOf(stale, { nextUpdate: Date.now() + HOUR });
  scene.manners.set(URLS[0]!, lying(-HOUR, HOUR));
  expect((await supply(scene, URLS.slice(0, 1))).failures).toEqual([]);
  expect(scene.askedUrls).toEqual([URLS[0], URLS[0]]);
});
