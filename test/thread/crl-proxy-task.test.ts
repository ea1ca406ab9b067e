import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { createCrlProxyTask } from '../../src/thread/crl-proxy-task.js';
import { decodeTrusted, encode } from '../../src/wire/codec.js';
import type { CrlProxyAnswer, CrlProxyRequest } from '../../src/wire/crl-proxy.js';
import type { SupplyRequest, WantedCrl } from '../../src/wire/crl.js';
import type { UrlRecord } from '../../src/wire/ingest.js';
import type { Attempt, TaskHandler } from '../../src/wire/task.js';
import { createCrl, createRoot } from '../pki/pki.js';
import { openScene, type StoreScene } from '../crl/store/store-scene.js';

const URL = 'http://crl.example/a.crl';
const HOUR = 3_600_000;
const root = createRoot();
const inHours = (count: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + count * HOUR);

let scene: StoreScene;
let task: TaskHandler;
let used: WantedCrl[];
beforeEach(async () => {
  scene = await openScene({ keepsDer: true });
  used = [];
  task = taskWith({});
});
afterEach(() => scene.close());

function taskWith(flags: Readonly<Record<string, unknown>>): TaskHandler {
  const paths = { 'data.directory': scene.dataDirectory, 'crl.refresh': '1h', 'crl.grace': '2h' };
  const config = loadConfig({ env: {}, flags: { ...paths, ...flags }, cwd: '/' });
  return createCrlProxyTask({
    config,
    store: scene.store,
    anchorKeys: () => [],
    used: (wanted) => void used.push(...wanted),
  });
}

/** Stores a CRL of the URL that was fetched so many hours ago. */
async function stored(fetched: number, end: number | null, more: Partial<UrlRecord> = {}): Promise<void> {
  const crl = createCrl(root, { thisUpdate: inHours(-48), nextUpdate: end === null ? null : inHours(end) });
  const outcome = await scene.ingest(crl.der, root, { source: URL });
  if (outcome.kind !== 'stored') throw new Error(outcome.kind);
  const fetchedAt = Date.now() - fetched * HOUR;
  await scene.writer.noteUrl(URL, { crl: outcome.crl.key, fetchedAt, failures: 0, retryAt: 0, ...more });
  scene.store.renew();
}

const FIRST: Attempt = { number: 0, isLast: false, found: new Uint8Array() };
/** After a step that brought nothing. */
const SECOND: Attempt = { ...FIRST, number: 1 };

function ask(attempt: Attempt, more: Partial<CrlProxyRequest> = {}): CrlProxyAnswer | SupplyRequest {
  const request: CrlProxyRequest = { url: URL, via: '', revalidate: false, onlyStored: false, ...more };
  const result = task(encode(request), attempt);
  if (result instanceof Uint8Array) return decodeTrusted<CrlProxyAnswer>(result);
  if ('needs' in result) return decodeTrusted<SupplyRequest>(result.needs.body);
  throw new Error('an answer that is kept');
}

const refused = (status: number): object => ({ kind: 'refused', status });

test('a CRL asked for within crl.refresh is answered at once, fresh for what is left of it', async () => {
  await stored(0.5, 24);
  expect(ask(FIRST)).toMatchObject({ kind: 'crl', lifetime: HOUR });
  const { age } = ask(FIRST) as { age: number };
  expect(Math.floor(age / 60_000)).toBe(30);
  expect(used).toEqual([]);
});

test('what it had lain in caches on the way counts as age, and takes nothing of its freshness here', async () => {
  await stored(0.5, 24, { age: 2 * HOUR });
  const { age, lifetime } = ask(FIRST) as { age: number; lifetime: number };
  expect(Math.floor(age / 60_000)).toBe(150);
  expect(lifetime).toBe(3 * HOUR);
});

test('one that was fetched at a time to come, by a wrong clock, counts as fresh for none', async () => {
  await stored(-5, 24);
  expect(ask(FIRST)).toHaveProperty('wanted');
  expect(ask(SECOND)).toMatchObject({ kind: 'crl', age: 0, lifetime: 0 });
});

test('nor is one that names no end served for longer than since it was stored', async () => {
  await stored(-500, null);
  expect(ask(FIRST)).toHaveProperty('wanted');
  expect(ask(SECOND)).toMatchObject({ kind: 'crl', age: 0, lifetime: 0 });
  jest.useFakeTimers({ now: Date.now() + 4 * HOUR, doNotFake: ['setImmediate', 'nextTick', 'setTimeout'] });
  try {
    expect(ask(SECOND)).toMatchObject(refused(504));
  } finally {
    jest.useRealTimers();
  }
});

test('it is never fresh beyond its nextUpdate', async () => {
  await stored(0.5, 0.25);
  const { lifetime } = ask(FIRST) as { lifetime: number };
  expect(lifetime).toBeLessThanOrEqual(0.75 * HOUR);
  expect(lifetime).toBeGreaterThan(0.7 * HOUR);
});

test('an older one is asked for at its source, in the name of its signer, and served on where that is silent', async () => {
  await stored(1.5, 24);
  const via = '1.1 squid, 1.0 pkixd-0123456789ab (x), 1.1 pkixd-zz, 1.1 xpkixd-0123456789ab';
  expect(ask(FIRST, { via })).toMatchObject({
    wanted: [{ uris: [URL], signers: [expect.anything()] }],
    // No client may talk in the name of other proxies.
    via: '1.1 pkixd-0123456789ab',
  });
  expect(used).toHaveLength(1);
  expect(ask(SECOND)).toMatchObject({ kind: 'crl', lifetime: HOUR });
});

test.each([
  ['within the grace after its nextUpdate', -1, true],
  ['past the grace', -2.5, false],
])('a CRL that is %s', async (_, end, isServed) => {
  await stored(3, end);
  expect(ask(FIRST)).toHaveProperty('wanted');
  expect(ask(SECOND)).toMatchObject(isServed ? { kind: 'crl' } : refused(504));
});

test('one that names no end is good for a refresh and the grace', async () => {
  await stored(2.5, null);
  expect(ask(SECOND)).toMatchObject({ kind: 'crl' });
  await scene.writer.noteUrl(URL, { fetchedAt: Date.now() - 4 * HOUR, failures: 0, retryAt: 0 });
  scene.store.renew();
  expect(ask(SECOND)).toMatchObject(refused(504));
});

test('a client may want the source asked again, but not again and again', async () => {
  await stored(0.5, 24);
  expect(ask(FIRST, { revalidate: true })).toHaveProperty('wanted');
  await scene.writer.noteUrl(URL, { fetchedAt: Date.now(), failures: 0, retryAt: 0 });
  scene.store.renew();
  expect(ask(FIRST, { revalidate: true })).toMatchObject({ kind: 'crl' });
});

test('one that is over is not served for having been asked for a moment ago', async () => {
  await stored(0, -5);
  expect(ask(FIRST, { revalidate: true })).toHaveProperty('wanted');
  expect(ask(SECOND, { revalidate: true })).toMatchObject(refused(504));
});

test('only-if-cached asks no server', async () => {
  await stored(1.5, -5);
  expect(ask(FIRST, { onlyStored: true })).toMatchObject(refused(504));
  expect(used).toEqual([]);
});

test('another URL that gave the same CRL is asked itself', async () => {
  await stored(1.5, 24);
  const other = 'http://mirror.example/b.crl';
  const record = scene.store.urlRecord(URL)!;
  await scene.writer.noteUrl(other, { ...record, fetchedAt: Date.now() });
  scene.store.renew();
  expect(ask(FIRST, { url: other })).toMatchObject({ kind: 'crl' });
  await scene.writer.noteUrl(other, { ...record, fetchedAt: Date.now() - 2 * HOUR });
  scene.store.renew();
  expect(ask(FIRST, { url: other })).toMatchObject({ wanted: [{ source: other }] });
});

test.each([
  'http://crl.example/b.crl',
  'http://crl.example/a.crl?x',
  'http://crl.example:8080/a.crl',
  'http://crl.example./a.crl',
  'http://x@crl.example/a.crl',
  'http://crl.example/A.crl',
  'http://',
  'file:///etc/passwd',
  'test',
])('%s is not what is known, and nobody is asked for it', async (url) => {
  await stored(1.5, 24);
  await scene.ingest(createCrl(createRoot({ subject: 'B' })).der, createRoot({ subject: 'B' }), {
    source: 'test',
  });
  expect(ask(FIRST, { url })).toMatchObject(refused(403));
  expect(used).toEqual([]);
});

test('a URL that a chain named is asked itself for what it was named for, whatever others have', async () => {
  await stored(0.5, 24);
  const other = 'http://mirror.example/b.crl';
  const wanted = { issuer: root.name, uris: [URL, other], isDelta: false, signers: [root.key.spki] };
  await scene.writer.learnUrl(other, wanted);
  // Whoever else names a URL says nothing of what is known of it.
  await scene.writer.learnUrl(other, { ...wanted, signers: [] });
  const foreign = createRoot({ subject: 'Foreign' });
  await scene.writer.learnUrl(URL, { ...wanted, issuer: foreign.name, signers: [foreign.key.spki] });
  scene.store.renew();
  const { wanted: asked } = ask(FIRST, { url: other }) as SupplyRequest;
  expect(asked).toMatchObject([{ uris: [URL, other], source: other }]);
  expect(asked[0]?.signers).toHaveLength(1);
  expect(ask(SECOND, { url: other })).toMatchObject(refused(504));
  const { wanted: again } = ask(FIRST, { revalidate: true }) as SupplyRequest;
  expect(again[0]?.signers.map((spki) => Buffer.compare(spki, root.key.spki))).toEqual([0]);
});

test('a known URL that has no CRL says why', async () => {
  const record = {
    fetchedAt: null,
    failures: 1,
    retryAt: 0,
    code: 'FETCH_FAILED',
    message: 'it answered 404',
  };
  await scene.writer.noteUrl(URL, record);
  scene.store.renew();
  expect(ask(FIRST)).toMatchObject({ ...refused(504), message: expect.stringContaining('it answered 404') });
});

test('a loop of proxies, or what may be one, is refused before anything else', async () => {
  await stored(1.5, 24);
  const { via } = ask(SECOND) as { via: string };
  for (const hops of [`1.1 ${via}`, `1.0 a (x), HTTP/1.1 ${via} (pkixd)`, Array(17).fill('1.1 p').join(', ')])
    expect(ask(FIRST, { via: hops })).toMatchObject(refused(508));
  expect(ask(FIRST, { via: `1.1 a${'b'.repeat(1100)}` })).toMatchObject(refused(508));
  expect(ask(SECOND, { via: '1.1 a, 1.1 b' })).toMatchObject({ kind: 'crl' });
});
