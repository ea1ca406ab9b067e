// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { environmentPath } from '../../../../src/crl/store/environment-files.js';
import { evict } from '../../../../src/crl/store/eviction.js';
import {
  ALL_FLOORS,
  ALL_MARKS,
  ALL_URLS,
  ALL_USES,
  type KeyRange,
  markKey,
  urlKey,
} from '../../../../src/crl/store/records/keys.js';
import { markBytes } from '../../../../src/crl/store/notes/marks.js';
import { boundNotes } from '../../../../src/crl/store/notes/note-limits.js';
import { urlBytes } from '../../../../src/crl/store/records/records.js';
import { createCrl, createRoot, type Issued } from '../../../pki/pki.js';
import { openScene, type StoreScene } from '../store-scene.js';

const STORE_MAX = 2 ** 20;
const HOUR = 3_600_000;
const NONE = Buffer.alloc(0);

let scene: StoreScene;
beforeEach(async () => {
  scene = await openScene({ maxBytes: STORE_MAX });
});
afterEach(() => scene.close());

/** Always of the same second. */
const started = Math.floor(Date.now() / 1000) * 1000;
const hoursAgo = (hours: number): Date => new Date(started - hours * HOUR);
const crlOf = (root: Issued, hours: number): Buffer => createCrl(root, { thisUpdate: hoursAgo(hours) }).der;
const octets = (...ranges: readonly KeyRange[]): number =>
  ranges
    .flatMap((range) => scene.writer.environment.entries(range))
    .reduce((sum, { key, value }) => sum + key.length + value.length, 0);

/** Marks of so many scopes, as their CRLs would have left them: of one key, or each of its own. */
async function putMarks(count: number, isOneSigner: boolean, hours: number): Promise<void> {
  const { environment } = scene.writer;
  const signer = randomBytes(32).toString('hex');
  await environment.transaction(() => {
    for (let n = 0; n < count; n++) {
      const signerId = isOneSigner ? signer : randomBytes(32).toString('hex');
      const mark = { thisUpdate: hoursAgo(hours).getTime(), number: null, content: signer, signerId };
      environment.put(markKey(randomBytes(32)), markBytes(mark));
    }
  });
  environment.renew();
}

async function bound(): Promise<readonly string[]> {
  const reports: string[] = [];
  await boundNotes(scene.writer, STORE_MAX, Date.now(), (message, detail) =>
    reports.push(`${message}: ${detail}`),
  );
  scene.writer.environment.renew();
  return reports;
}

test('marks of a CA with thousands of scopes are replaced by a floor of its own, without effect on other CAs', async () => {
  const [victim, kept] = [createRoot({ subject: 'Victim' }), createRoot({ subject: 'Kept' })];
  await scene.ingest(crlOf(victim, 5), victim);
  await evict(scene.writer, 0, NONE, Date.now());
  await scene.ingest(crlOf(kept, 5), kept);
  await putMarks(5000, true, 1);
  expect(octets(ALL_MARKS)).toBeGreaterThan(STORE_MAX / 8);
  expect(await bound()).toEqual([expect.stringContaining('5000 CRLs')]);
  expect(octets(ALL_MARKS, ALL_FLOORS)).toBeLessThan(STORE_MAX / 8);
  expect(await scene.ingest(crlOf(victim, 6), victim)).toMatchObject({ kind: 'notNewer', age: 'older' });
  expect(await scene.ingest(crlOf(kept, 6), kept)).toMatchObject({ kind: 'notNewer', age: 'older' });
  expect(await scene.ingest(crlOf(victim, 4), victim)).toMatchObject({ kind: 'stored' });
});

test('of a key whose marks went only CRLs that are newer than all of them are taken, in a store made anew as well', async () => {
  const root = createRoot({ subject: 'Many Scopes' });
  const point = (n: number) => ({
    wanted: { issuer: root.name, uris: [`http://crl.example/${n}`], isDelta: false },
  });
  for (let n = 0; n < 3; n++) await scene.ingest(crlOf(root, 5 - n), root, point(n));
  await evict(scene.writer, 0, NONE, Date.now());
  const own = octets(ALL_MARKS) + 3 * 32;
  await putMarks(10, false, 1);
  const size = (octets(ALL_MARKS) + 13 * 32 - own) / 10;
  await putMarks(Math.ceil((STORE_MAX / 8 - own) / size) - 9, false, 1);
  await bound();
  expect(scene.writer.environment.keys(ALL_FLOORS)).toHaveLength(1);
  for (const hours of [6, 5, 3]) {
    expect(await scene.ingest(crlOf(root, hours), root, point(0))).toMatchObject({ kind: 'notNewer' });
    expect(await scene.ingest(crlOf(root, hours), root, point(77))).toMatchObject({ kind: 'notNewer' });
  }
  const { dataDirectory } = scene;
  await scene.store.close();
  await scene.writer.environment.close();
  rmSync(environmentPath(dataDirectory), { recursive: true });
  const anew = await openScene({ dataDirectory });
  expect(await anew.ingest(crlOf(root, 3), root, point(77))).toMatchObject({ kind: 'notNewer', crl: null });
  await anew.close();
  scene = await openScene({ dataDirectory, maxBytes: STORE_MAX });
  expect(await scene.ingest(crlOf(root, 2), root, point(0))).toMatchObject({ kind: 'stored' });
  const other = createRoot({ subject: 'Unknown' });
  expect(await scene.ingest(crlOf(other, 9), other)).toMatchObject({ kind: 'stored' });
});

test('marks of a key each go, the oldest first, for a floor of all', async () => {
  await putMarks(300, false, 8);
  await putMarks(800, false, 1);
  const reports = await bound();
  expect(reports).toEqual([expect.stringContaining('crl.maxStoreSize')]);
  expect(octets(ALL_MARKS, ALL_FLOORS)).toBeLessThan(STORE_MAX / 8);
  const root = createRoot({ subject: 'Not Known' });
  expect(await scene.ingest(crlOf(root, 8), root)).toMatchObject({ kind: 'notNewer', age: 'older' });
  expect(await scene.ingest(crlOf(root, 0), root)).toMatchObject({ kind: 'stored' });
});

test('URLs that a CA names take no more than their share, and those last heard of stay', async () => {
  const { environment } = scene.writer;
  const wanted = { issuer: new Uint8Array(500), uris: ['x'], isDelta: false, signers: [new Uint8Array(300)] };
  await scene.writer.noteUrl('http://known.example/', { fetchedAt: Date.now(), failures: 0, retryAt: 0 });
  await environment.transaction(() => {
    for (let n = 0; n < 3000; n++) {
      const record = { fetchedAt: null, failures: 0, retryAt: 0, wanted };
      environment.put(urlKey(`http://hostile.example/${n}`), urlBytes(record));
    }
  });
  environment.renew();
  expect(octets(ALL_URLS)).toBeGreaterThan(STORE_MAX);
  expect(await bound()).toEqual([]);
  expect(octets(ALL_URLS)).toBeLessThan(STORE_MAX / 8);
  expect(scene.store.urlRecord('http://known.example/')).toBeDefined();
});

test('what is noted counts in crl.maxStoreSize: CRLs have what it leaves', async () => {
  const roots = Array.from({ length: 24 }, (_, n) => createRoot({ subject: `Full ${n}` }));
  const revoked = Array.from({ length: 4000 }, (_, serial) => ({ serial: 1e6 + serial }));
  for (const root of roots) {
    await scene.ingest(createCrl(root, { revoked }).der, root);
    await scene.ingester.tidy(undefined);
  }
  scene.store.renew();
  const before = scene.store.list().length;
  expect(before).toBeLessThan(roots.length);
  await putMarks(550, false, 1);
  for (let n = 0; n < 64; n++) scene.ingester.noted();
  await scene.ingester.tidy(undefined);
  scene.store.renew();
  expect(scene.store.list().length).toBeLessThan(before);
});

test('no note of use outlives its CRL, and none is made of one that is not there', async () => {
  const root = createRoot({ subject: 'Used' });
  await scene.ingest(crlOf(root, 5), root);
  const [key] = scene.store.list().map((crl) => Buffer.from(crl.key, 'hex'));
  await scene.writer.noteUse(key!);
  await evict(scene.writer, 0, NONE, Date.now());
  for (const one of [key!, randomBytes(32)]) await scene.writer.noteUse(one);
  scene.writer.environment.renew();
  expect(scene.writer.environment.keys(ALL_USES)).toEqual([]);
});
