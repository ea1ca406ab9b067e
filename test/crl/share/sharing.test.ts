// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { WantedCrl } from '../../../src/wire/crl.js';
import { parseCertificate } from '../../../src/x509/certificate.js';
import { withComponent } from '../../component.js';
import { crlNumber } from '../../pki/extensions.js';
import { newKey } from '../../pki/keys.js';
import { createCrl, createRoot, type CrlOptions, type Issued } from '../../pki/pki.js';
import { withShortTime } from '../../short-time.js';
import { RedisProcess } from './redis-process.js';
import { FakeOrigin, NAMES, SharingHost } from './sharing-host.js';
import { until } from '../../until.js';

const test = withComponent('redis-server');
const URL = 'http://crl.example/ca.crl';
const root = createRoot();
const wanted: WantedCrl = {
  issuer: root.name,
  uris: [URL],
  isDelta: false,
  signers: [parseCertificate(root.der).spki],
};

let redis: RedisProcess;
let origin: FakeOrigin;
let hosts: SharingHost[];

beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client().flushall();
  origin = new FakeOrigin();
  hosts = [];
});
afterEach(async () => {
  redis.goOn();
  await Promise.all(hosts.map((host) => host.close()));
});

async function newHost(options = {}): Promise<SharingHost> {
  const host = await SharingHost.start(redis.url, origin, options);
  hosts.push(host);
  return host;
}

/** Later numbers are of later minutes. */
function crl(number: number, signer: Pick<Issued, 'key' | 'name'> = root, options: CrlOptions = {}): Buffer {
  const thisUpdate = new Date(Date.now() - 3_600_000 + number * 60_000);
  return createCrl(signer, { extensions: [crlNumber(number)], thisUpdate, ...options }).der;
}

const get = (host: SharingHost, since = Date.now() - 1000) => host.downloads.get(URL, wanted, since);

/** Somebody who may write to Redis puts these bytes there, as the newest CRL of the URL. */
async function plant(der: Buffer, claims: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const id = 'f'.repeat(32);
  const entry = {
    at: Date.now(),
    thisUpdate: Date.now(),
    nextUpdate: null,
    number: '99',
    body: { id, size: der.length },
  };
  await redis.client().set(NAMES.body(id), der);
  await redis.client().set(NAMES.entry(URL), JSON.stringify({ ...entry, ...claims }));
}

test('a CRL that one host fetched is taken by the next one, which does not ask the server', async () => {
  const [first, second] = [await newHost(), await newHost()];
  origin.publish(URL, crl(1));
  expect(await get(first)).toBeUndefined();
  expect(await get(second)).toBeUndefined();
  expect([first.numberOf(wanted), second.numberOf(wanted)]).toEqual([1n, 1n]);
  expect(origin.asked).toBe(1);
  expect(second.counts).toMatchObject({ hit: 1, miss: 0 });
});

test('a host that serves CRLs to others gets them whole from there, too, and knows how old they are', async () => {
  const [first, second] = [await newHost(), await newHost({ keepsDer: true })];
  origin.publish(URL, crl(1));
  expect(await get(first)).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await get(second)).toBeUndefined();
  expect(first.servedAt(URL)?.crl.isKept()).toBe(false);
  expect(second.servedAt(URL)?.crl.isKept()).toBe(true);
  const record = second.recordOf(URL);
  // The clock may go on between the two notes of it.
  const age = (record?.fetchedAt ?? 0) - (record?.secondHand?.answeredAt ?? 0);
  expect(Math.abs((record?.age ?? Number.NaN) - age)).toBeLessThan(1000);
  expect(record?.wanted).toMatchObject({ uris: [URL], isDelta: false });
  expect(origin.asked).toBe(1);
});

test('hosts that want it at the same moment wait for the one that fetches it', async () => {
  const three = [await newHost(), await newHost(), await newHost()];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  origin.publish(URL, crl(1));
  const { answer } = origin;
  origin.answer = () => held.then(answer);
  const all = Promise.all(three.map((host) => get(host)));
  await until(
    () => origin.asked,
    (asked) => asked === 1,
  );
  release();
  expect(await all).toEqual([undefined, undefined, undefined]);
  expect(origin.asked).toBe(1);
});

test('a host that holds the lease and does nothing is waited for so long, and no longer', async () => {
  await redis.client().set(NAMES.lease(URL), 'somebody');
  const host = await newHost({ wait: 300 });
  origin.publish(URL, crl(1));
  expect(await get(host)).toBeUndefined();
  expect(origin.asked).toBe(1);
  // Nor is what is another's given back.
  expect(await redis.client().get(NAMES.lease(URL))).toBe('somebody');
});

test('all that is written there ends by itself', async () => {
  const host = await newHost();
  origin.publish(URL, crl(1, root, { nextUpdate: new Date(Date.now() + 3_600_000) }));
  await get(host);
  origin.publish(URL, crl(2, root, { nextUpdate: new Date(Date.now() + 3_600_000) }));
  await get(host, Date.now() + 1);
  const keys = await redis.client().keys('*');
  expect(keys).toHaveLength(3);
  for (const key of keys) {
    const left = await redis.client().pttl(key);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(3_600_000);
  }
});

test('a CRL of many pieces comes as it went', async () => {
  const revoked = Array.from({ length: 40_000 }, (_, n) => ({
    serial: Buffer.from([1, n >> 8, n & 0xff, 7]),
  }));
  const [first, second] = [await newHost(), await newHost()];
  origin.publish(URL, crl(1, root, { revoked }));
  await get(first);
  expect(await get(second)).toBeUndefined();
  expect(origin.asked).toBe(1);
  expect(second.records.find(({ message }) => message.includes('another host'))?.fields).toMatchObject({
    entries: 40_000,
  });
});

test.each([
  ['garbage', () => Buffer.from('no CRL at all')],
  ['a CRL of another signer', () => crl(99, { name: root.name, key: newKey('p-256') })],
  ['a CRL of another issuer', () => crl(99, createRoot({ subject: 'Another' }))],
  ['half a CRL', () => crl(99).subarray(0, 100)],
])('%s in Redis is refused, the URL itself is asked, and what it has is put there', async (_, make) => {
  await plant(make());
  const host = await newHost();
  origin.publish(URL, crl(1));
  expect(await get(host)).toBeUndefined();
  expect([origin.asked, host.numberOf(wanted)]).toEqual([1, 1n]);
  expect(host.counts).toMatchObject({ refused: 1, published: 1 });
  expect(await get(await newHost())).toBeUndefined();
  expect(origin.asked).toBe(1);
});

test('an older CRL in Redis moves no host back', async () => {
  const [first, second] = [await newHost(), await newHost()];
  const old = crl(1);
  origin.publish(URL, crl(2));
  await Promise.all([get(first), get(second)]);
  // With the claims that make it look the newest of all.
  await plant(old);
  for (const host of [first, second]) {
    expect(await host.downloads.onAnnounced(URL, wanted)).toBe('done');
    expect(host.numberOf(wanted)).toBe(2n);
    expect(host.counts.refused).toBe(1);
    expect(
      host.records.filter(({ message }) => message === 'a CRL that Redis has was not taken'),
    ).toMatchObject([{ fields: { url: URL, why: 'it is older than the one that is here' } }]);
  }
  // Nor is it read again and again.
  await first.downloads.onAnnounced(URL, wanted);
  expect(first.counts.refused).toBe(1);
  expect(await get(first, Date.now() + 1)).toBeUndefined();
  expect([origin.asked, first.numberOf(wanted)]).toEqual([2, 2n]);
});

test('word of another host that nothing has changed spares a question, but not for ever', async () => {
  const [first, second] = [await newHost(), await newHost()];
  origin.publish(URL, crl(1));
  await get(first);
  await get(second);
  const since = Date.now();
  await get(first, since + 1);
  await get(second, since + 1);
  expect(origin.asked).toBe(2);
  expect(second.counts).toMatchObject({ hit: 2 });
  await second.secondHandGetsOld(URL);
  await get(second, Date.now() + 1);
  expect(origin.asked).toBe(3);
});

test('an announced CRL is taken from Redis alone', async () => {
  const [first, second] = [await newHost(), await newHost()];
  origin.publish(URL, crl(1));
  await Promise.all([get(first), get(second)]);
  origin.publish(URL, crl(2));
  await get(first, Date.now() + 1);
  expect(await second.downloads.onAnnounced(URL, wanted)).toBe('done');
  expect(second.numberOf(wanted)).toBe(2n);
  expect(origin.asked).toBe(2);
  // A false announcement reaches no server either.
  await redis.client().flushall();
  expect(await second.downloads.onAnnounced(URL, wanted)).toBe('done');
  expect(origin.asked).toBe(2);
});

test('of two CRLs of one time and number, which two hosts got, both hosts have both', async () => {
  const thisUpdate = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
  const clean = crl(1, root, { thisUpdate });
  const listing = crl(1, root, { thisUpdate, revoked: [{ serial: 4711 }] });
  const [first, second] = [await newHost(), await newHost()];
  origin.publish(URL, clean);
  await get(first);
  await redis.client().flushall();
  origin.publish(URL, listing);
  await get(second);
  expect(origin.asked).toBe(2);
  // One who is told of it while it has the other one does not take it for the same.
  expect(await first.downloads.onAnnounced(URL, wanted)).toBe('done');
  expect([first.lists(root, 4711), second.lists(root, 4711)]).toEqual([true, true]);
  expect(origin.asked).toBe(2);
});

test.each([
  ['an entry that is none', '{"at":'],
  ['an entry of another shape', '{"at":"now","body":{"id":"../../x","size":1e9}}'],
  ['an entry without end', 'x'.repeat(10_000_000)],
])('%s is as good as nothing', async (_, text) => {
  await redis.client().set(NAMES.entry(URL), text);
  const host = await newHost();
  origin.publish(URL, crl(1));
  expect(await get(host)).toBeUndefined();
  expect([origin.asked, host.counts.published]).toEqual([1, 1]);
});

test('bytes beyond crl.maxSize, or other than were promised, are not read', async () => {
  const host = await newHost({ maxSize: 1000 });
  origin.publish(URL, crl(1));
  await plant(Buffer.alloc(1001));
  expect(await get(host)).toBeUndefined();
  await plant(Buffer.alloc(500), { body: { id: 'f'.repeat(32), size: 900 } });
  expect(await get(host, Date.now() + 1)).toBeUndefined();
  expect([origin.asked, host.counts.refused]).toEqual([2, 0]);
});

test('a Redis that is stopped in the middle costs one fetch its time, and the next nothing', async () => {
  await withShortTime(300, async (timeout) => {
    redis.goOn();
    await redis.client().flushall();
    origin = new FakeOrigin();
    const host = await newHost({ timeout, wait: 10_000 });
    origin.publish(URL, crl(1));
    await get(host);
    redis.hang();
    const begun = performance.now();
    expect(await get(host, Date.now() + 1)).toBeUndefined();
    expect(performance.now() - begun).toBeGreaterThan(timeout - 50);
    origin.publish(URL, crl(2));
    expect(await get(host, Date.now() + 1)).toBeUndefined();
    expect([origin.asked, host.numberOf(wanted)]).toEqual([3, 2n]);
    expect(host.records.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { why: `it did not answer within ${timeout} ms` } },
    ]);
    redis.goOn();
    await host.isUp();
    await get(host, Date.now() + 1);
    expect(host.counts.published).toBeGreaterThan(1);
  });
});

test('a Redis that is killed and started again is used again; meanwhile hosts fetch for themselves', async () => {
  const own = await RedisProcess.start();
  const host = await SharingHost.start(own.url, origin);
  try {
    origin.publish(URL, crl(1));
    await get(host);
    await own.kill();
    origin.publish(URL, crl(2));
    expect(await get(host, Date.now() + 1)).toBeUndefined();
    expect([origin.asked, host.numberOf(wanted)]).toEqual([2, 2n]);
    await own.startAgain();
    await host.isUp();
    await get(host, Date.now() + 1);
    expect(await own.client().exists(NAMES.entry(URL))).toBe(1);
  } finally {
    await host.close();
    await own.stop();
  }
});

test('a full Redis keeps nothing and disturbs no host', async () => {
  const own = await RedisProcess.start('--maxmemory', '1', '--maxmemory-policy', 'noeviction');
  const host = await SharingHost.start(own.url, origin);
  try {
    origin.publish(URL, crl(1));
    expect(await get(host)).toBeUndefined();
    expect(host.numberOf(wanted)).toBe(1n);
    expect(JSON.stringify(host.records)).toContain('OOM');
  } finally {
    await host.close();
    await own.stop();
  }
});
