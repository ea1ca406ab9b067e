import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_BESIDE } from '../../../src/crl/supply/first-current.js';
import { type Manner, MINUTE, REFRESH, SupplyScene, want } from './supply-scene.js';

// The addresses of one distribution point, whatever lies there.

let scene: SupplyScene;
beforeEach(() => {
  jest.useFakeTimers();
  scene = new SupplyScene();
});
afterEach(() => {
  jest.useRealTimers();
});

const HOUR = 60 * MINUTE;
const PATIENCE = 20_000;
const after = (thisUpdate: number, nextUpdate: number | null): Manner => ({
  thisUpdate: Date.now() + thisUpdate,
  nextUpdate: nextUpdate === null ? null : Date.now() + nextUpdate,
});

/** What may lie at an address, and what is said where nothing better does. */
const KINDS = {
  fresh: { lies: () => after(-HOUR, HOUR), code: undefined },
  fresher: { lies: () => after(-MINUTE, HOUR), code: undefined },
  endless: { lies: () => after(-HOUR, null), code: undefined },
  stale: { lies: () => after(-48 * HOUR, -HOUR), code: 'CRL_STALE' },
  staler: { lies: () => after(-72 * HOUR, -24 * HOUR), code: 'CRL_STALE' },
  ahead: { lies: () => after(HOUR, 2 * HOUR), code: 'CRL_NOT_YET_VALID' },
  foreign: {
    lies: () => ({ thisUpdate: Date.now() - 1, nextUpdate: null, signer: 9 }),
    code: 'CRL_BAD_SIGNATURE',
  },
  hanging: { lies: () => 'hangs', code: 'FETCH_FAILED' },
  missing: { lies: () => 'notFound', code: 'FETCH_FAILED' },
  refused: { lies: () => 'refused', code: 'FETCH_REFUSED' },
  ldap: { lies: () => 'notFound', code: 'FETCH_FAILED' },
} as const satisfies Record<string, { lies: () => Manner; code: string | undefined }>;
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];

function publish(lying: readonly Kind[]): readonly string[] {
  return lying.map((kind, place) => {
    const url =
      kind === 'ldap' ? `ldap://dir.example/cn=${place}` : `http://crl.example/${place}/${kind}.crl`;
    scene.manners.set(url, KINDS[kind].lies());
    return url;
  });
}

const isCurrent = (kind: Kind): boolean => KINDS[kind].code === undefined;

async function supply(urls: readonly string[], maxAttempts = 64) {
  const began = Date.now();
  let took = Infinity;
  const asking = scene.service
    .supply([want(urls)], { patience: PATIENCE, maxAttempts })
    .finally(() => (took = Date.now() - began));
  await jest.advanceTimersByTimeAsync(PATIENCE + 1);
  return { ...(await asking), took };
}

test('of any mirrors in any order one that is current is found, soon, and what came is the newest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 5 }), async (lying) => {
      scene = new SupplyScene();
      const urls = publish(lying);
      const { failures, took } = await supply(urls);
      const first = lying.findIndex(isCurrent);
      const hanging = lying.slice(0, Math.max(0, first)).filter((kind) => kind === 'hanging').length;
      if (first >= 0 && hanging < MAX_BESIDE) {
        expect(failures).toEqual([]);
        expect(scene.stored?.nextUpdate ?? Infinity).toBeGreaterThan(Date.now());
        expect(took).toBeLessThanOrEqual(1000 * hanging);
        // No later address is asked.
        expect(scene.askedUrls).toEqual(urls.slice(0, first + 1).filter((url) => url.startsWith('http')));
      } else if (first < 0) {
        expect(failures.map(({ url }) => url)).toEqual(urls);
        const isOrder = (place: number): boolean => lying.slice(0, place).includes('stale');
        for (const [place, { code, message }] of failures.entries()) {
          // An older one is told to be so.
          expect(code).toBe(KINDS[lying[place]!].code);
          if (lying[place] === 'staler' && isOrder(place)) expect(message).toContain('older than one');
          expect(message.split('ldap:').length).toBeLessThanOrEqual(2);
        }
      }
      expect(scene.askedUrls.some((url) => url.startsWith('ldap'))).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('every pair of mirrors, in both orders', async () => {
  for (const one of kinds) {
    for (const other of kinds) {
      scene = new SupplyScene();
      const { failures } = await supply(publish([one, other]));
      expect([one, other, failures.length === 0]).toEqual([one, other, isCurrent(one) || isCurrent(other)]);
    }
  }
});

test('what was fetched a moment ago and is past its time does not hide the next address', async () => {
  const urls = publish(['stale', 'missing']);
  const { failures } = await scene.service.supply([want(urls)], { patience: PATIENCE, maxAttempts: 64 });
  expect(failures.map(({ code }) => code)).toEqual(['CRL_STALE', 'FETCH_FAILED']);
  scene.manners.set(urls[1]!, after(-HOUR, HOUR));
  await jest.advanceTimersByTimeAsync(11_000);
  const before = scene.asked.length;
  // The first is known and not asked again so soon, the second is.
  await scene.service.supply([want(urls)], { patience: PATIENCE, maxAttempts: 64 });
  expect(scene.askedUrls.slice(before)).toEqual([urls[1]]);
  expect(scene.stored?.nextUpdate).toBeGreaterThan(Date.now());
});

test('"not modified" of a CRL that is past its time is no answer', async () => {
  const urls = publish(['stale', 'missing']);
  await supply(urls);
  await jest.advanceTimersByTimeAsync(MINUTE);
  scene.manners.set(urls[1]!, after(-HOUR, HOUR));
  const { failures } = await supply(urls);
  expect(failures).toEqual([]);
  expect(scene.asked.findLast(({ url }) => url === urls[0])?.validators).toBeDefined();
});

test('where the profile has an age for CRLs, one beyond it does not hide the next address', async () => {
  const [old, young] = ['http://crl.example/old', 'http://crl.example/young'];
  scene.manners.set(old, after(-10 * HOUR, 100 * HOUR));
  scene.manners.set(young, after(-HOUR, 100 * HOUR));
  const wanted = want([old, young], { maxAge: 5 * HOUR });
  expect(await scene.service.supply([wanted], { patience: PATIENCE, maxAttempts: 64 })).toMatchObject({
    failures: [],
    attempts: 2,
  });
  expect(scene.askedUrls).toEqual([old, young]);
});

test('what could not be asked within the attempts of one request is told with its URL, and what was asked counts', async () => {
  const urls = publish(['missing', 'stale', 'ldap', 'refused', 'fresh']);
  const { failures, attempts } = await supply(urls, 2);
  expect(attempts).toBe(2);
  expect(failures.map(({ url, code }) => [url, code])).toEqual([
    [urls[0], 'FETCH_FAILED'],
    [urls[1], 'CRL_STALE'],
    [urls[2], 'FETCH_FAILED'],
    [urls[3], 'FETCH_LIMIT'],
    [urls[4], 'FETCH_LIMIT'],
  ]);
  for (const { url, message, code } of failures) if (code === 'FETCH_LIMIT') expect(message).toContain(url);
});

test('an address that is left alone for its failure costs no attempt', async () => {
  const urls = publish(['missing', 'stale']);
  const ask = () => scene.service.supply([want(urls)], { patience: PATIENCE, maxAttempts: 64 });
  expect(await ask()).toMatchObject({ attempts: 2 });
  expect(await ask()).toMatchObject({ attempts: 1, failures: [{ url: urls[0] }, { url: urls[1] }] });
});

test('a CRL in use is got from the address that has a newer one, though the first one of them is frozen', async () => {
  const urls = publish(['stale', 'fresh']);
  expect((await supply(urls)).failures).toEqual([]);
  scene.service.used([want(urls)]);
  const newer = after(10 * MINUTE, 10 * HOUR);
  scene.manners.set(urls[1]!, newer);
  await jest.advanceTimersByTimeAsync(2 * REFRESH);
  expect(scene.stored).toMatchObject(newer as object);
  await scene.service.close();
});

test('an order to fetch takes the address that is current, and what is past its time where none is', async () => {
  const urls = publish(['stale', 'missing', 'fresh']);
  const report = await scene.service.fetchNow({ wanted: want(urls), urls });
  expect(report).toMatchObject({ taken: { url: urls[2], isNew: true } });
  expect(report.failures.map(({ code }) => code)).toEqual(['CRL_STALE', 'FETCH_FAILED']);
  scene = new SupplyScene();
  const old = publish(['missing', 'stale']);
  expect(await scene.service.fetchNow({ wanted: want(old), urls: old })).toMatchObject({
    taken: { url: old[1], isNew: true },
    failures: [{ code: 'FETCH_FAILED' }, { code: 'CRL_STALE' }],
  });
  scene = new SupplyScene();
  const none = publish(['missing']);
  expect(await scene.service.fetchNow({ wanted: want(none), urls: none })).not.toHaveProperty('taken');
});

test('a download that another address was faster than is not lost: what comes of it is stored', async () => {
  const urls = publish(['hanging', 'fresh']);
  expect((await supply(urls)).failures).toEqual([]);
  const newest = after(MINUTE, 10 * HOUR);
  await scene.release(urls[0]!, newest);
  expect(scene.stored).toMatchObject(newest as object);
  expect(scene.askedUrls).toEqual(urls);
});

test('what has come goes back before what hangs, and the rest is waited for without being asked again', async () => {
  const [hanging = '', other = ''] = publish(['hanging', 'fresh']);
  const wanted = [want([hanging]), want([other])];
  const began = Date.now();
  const ask = async (mayPart: boolean, of = wanted) => {
    const asking = scene.service.supply(of, { patience: PATIENCE, maxAttempts: 64, mayPart });
    await jest.advanceTimersByTimeAsync(5000);
    return asking;
  };
  const first = await ask(true);
  expect(first).toEqual({ failures: [], pending: [wanted[0]], attempts: 2 });
  expect(Date.now() - began).toBeLessThanOrEqual(5000);
  const second = scene.service.supply([wanted[0]!], { patience: PATIENCE, maxAttempts: 64, mayPart: true });
  await jest.advanceTimersByTimeAsync(1000);
  await scene.release(hanging, after(-MINUTE, HOUR));
  expect(await second).toEqual({ failures: [], pending: [], attempts: 0 });
  expect(scene.askedUrls).toEqual([hanging, other]);
});

test('where nothing has come all is waited for, and where it may not part, too', async () => {
  const urls = publish(['hanging', 'missing', 'fresh']);
  const wanted = urls.map((url) => want([url]));
  for (const [of, mayPart] of [
    [wanted.slice(0, 2), true],
    [wanted, false],
  ] as const) {
    const began = Date.now();
    const asking = scene.service.supply(of, { patience: PATIENCE, maxAttempts: 64, mayPart });
    let took = 0;
    void asking.then(() => (took = Date.now() - began));
    await jest.advanceTimersByTimeAsync(PATIENCE + 1);
    expect((await asking).pending).toEqual([]);
    expect((await asking).failures.map(({ url }) => url)).toEqual(urls.slice(0, 2));
    expect(took).toBe(PATIENCE);
  }
});

test('a configured source that hangs is given a head start, and then what else there is may be asked for', async () => {
  const source = 'http://source.example/all.crl';
  scene.manners.set(source, 'hangs');
  const wanted = [want([], { source })];
  const asking = scene.service.supply(wanted, { patience: PATIENCE, maxAttempts: 64, mayPart: true });
  await jest.advanceTimersByTimeAsync(1000);
  expect(await asking).toEqual({ failures: [], pending: wanted, attempts: 1 });
});
