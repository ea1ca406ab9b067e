import { rmSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import type { RootDatabase } from 'lmdb';
import { IngestHandle } from '../../src/crl/ingest-handle.js';
import { CrlStore } from '../../src/crl/store/crl-store.js';
import { WritableEnvironment } from '../../src/crl/store/environment.js';
import { environmentPath, identityOf } from '../../src/crl/store/environment-files.js';
import { ALL_BUCKETS, generationOf } from '../../src/crl/store/records/keys.js';
import { createStoreNotes } from '../../src/thread/store-notes.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import { parseCrl } from '../../src/x509/crl.js';
import { createCrl, createRoot } from '../pki/pki.js';
import { scratchFolder } from './store/store-scene.js';

const ENTRY = new URL('../../dist/thread/ingest.js', import.meta.url);
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A store that is open: a request would wait two seconds for that, which a busy machine may take. */
async function start(
  dataDirectory = scratchFolder(),
): Promise<{ handle: IngestHandle; store: CrlStore; log: string[] }> {
  const log: string[] = [];
  const setup = { dataDirectory, maxBytes: 2 ** 30, keepsDer: false, budget: 60_000 };
  const handle = new IngestHandle({
    ...setup,
    entry: ENTRY,
    log: (_, message) => void log.push(message),
    onStuck: (reason) => void log.push(`stuck: ${reason}`),
  });
  const notes = createStoreNotes();
  const report = (message: string): void => void log.push(message);
  const store = new CrlStore({ dataDirectory, report, now: Date.now, ...notes });
  ends.push(async () => {
    expect(await handle.close(60_000)).toBe(true);
    await store.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });
  await handle.ready;
  return { handle, store, log };
}

const root = createRoot();
const signers = [parseCertificate(root.der).spki];

const nextTurn = async (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 10);
  });

/** In the last entry of the first bucket. */
async function flipBit(dataDirectory: string): Promise<void> {
  const environment = WritableEnvironment.openToWrite(dataDirectory);
  const [bucket] = environment.entries(ALL_BUCKETS);
  if (bucket === undefined) throw new Error('there is no bucket');
  const value = Uint8Array.from(bucket.value);
  value[value.length - 4]! ^= 1;
  await environment.writeBuckets(generationOf(bucket.key), 0, [value]);
  await environment.close();
}

/** What stands there as the mark of each CRL is that of another. */
async function breakMarks(dataDirectory: string): Promise<void> {
  const environment = WritableEnvironment.openToWrite(dataDirectory);
  const { database } = environment as unknown as { readonly database: RootDatabase<Uint8Array, Buffer> };
  const marks = [...database.getKeys({ start: Buffer.of(0x40), end: Buffer.of(0x41) })];
  await environment.transaction(() => {
    for (const key of marks) void database.put(key, Buffer.alloc(20, 1));
  });
  await environment.close();
}

test('a CRL given to the ingest thread is found by a reader of another thread', async () => {
  const { handle, store, log } = await start();
  const crl = createCrl(root, { revoked: [{ serial: 5 }] }).der;
  const { issuer } = parseCrl(crl);
  expect(store.find(issuer)).toEqual([]);
  const steps: number[] = [];
  const outcome = await handle.ingest(
    { content: { der: Uint8Array.from(crl) }, source: 'here', signers },
    ({ done, total }) => steps.push(done / total),
  );
  expect(outcome).toMatchObject({ kind: 'stored', crl: { source: 'here', number: 1n } });
  expect(steps.at(-1)).toBe(1);
  store.renew();
  expect(store.find(issuer)[0]?.crl.find(Uint8Array.of(5), issuer)).toBeDefined();
  expect(log).toEqual([]);
});

test('a CRL can be taken out again', async () => {
  const { handle, store } = await start();
  const crl = createCrl(root).der;
  const outcome = await handle.ingest({ content: { der: Uint8Array.from(crl) }, source: 'here', signers });
  const key = outcome.kind === 'stored' ? outcome.crl.key : '';
  expect(await handle.remove(key)).toBe(true);
  expect(await handle.remove(key)).toBe(false);
  store.renew();
  expect(store.find(parseCrl(crl).issuer)).toEqual([]);
});

test('a broken bucket that a reader finds is not used, and the store is rebuilt while all go on', async () => {
  const dataDirectory = scratchFolder();
  const { handle, store, log } = await start(dataDirectory);
  const notes = createStoreNotes();
  const crl = createCrl(root, { revoked: [{ serial: 5 }] }).der;
  const { issuer } = parseCrl(crl);
  const ingest = async (): Promise<unknown> =>
    handle.ingest({ content: { der: Uint8Array.from(crl) }, source: 'here', signers });
  expect(await ingest()).toMatchObject({ kind: 'stored' });
  store.renew();
  const [candidate] = store.find(issuer);
  expect(candidate?.crl.find(Uint8Array.of(5), issuer)).toBeDefined();
  await flipBit(dataDirectory);
  await nextTurn();
  store.renew();
  expect(() => candidate?.crl.find(Uint8Array.of(5), issuer)).toThrow('broken');
  const leases: Promise<boolean>[] = [];
  for (let wait = 0; !log.some((line) => line.includes('made anew')) && wait < 6000; wait++) {
    leases.push(handle.acquireLease(`lease ${wait}`, 60_000));
    notes.used('00'.repeat(32));
    await nextTurn();
  }
  expect(new Set(await Promise.all(leases))).toEqual(new Set([true]));
  expect(log).toEqual([expect.stringContaining('broken'), expect.stringContaining('made anew')]);
  store.renew();
  expect(store.find(issuer)).toEqual([]);
  expect(await ingest()).toMatchObject({ kind: 'stored' });
  store.renew();
  expect(store.find(issuer)[0]?.crl.find(Uint8Array.of(5), issuer)).toBeDefined();
});

test('a broken record that the writer finds is not used, and the store is rebuilt once', async () => {
  const dataDirectory = scratchFolder();
  const { handle, store, log } = await start(dataDirectory);
  const notes = createStoreNotes();
  const crl = createCrl(root).der;
  const ingest = async (): Promise<unknown> =>
    handle.ingest({ content: { der: Uint8Array.from(crl) }, source: 'here', signers });
  expect(await ingest()).toMatchObject({ kind: 'stored' });
  await breakMarks(dataDirectory);
  const identity = identityOf(environmentPath(dataDirectory)) ?? '';
  expect(await ingest()).toMatchObject({ kind: 'refused', code: 'STORE_FAILED' });
  for (let n = 0; n < 3; n++) notes.damaged(identity);
  for (let wait = 0; !log.some((line) => line.includes('made anew')) && wait < 6000; wait++) await nextTurn();
  expect(await ingest()).toMatchObject({ kind: 'stored' });
  await nextTurn();
  store.renew();
  expect(store.find(parseCrl(crl).issuer)).toHaveLength(1);
  expect(log.filter((line) => line.includes('made anew'))).toHaveLength(1);
});

test('what is remembered of a URL is read by everyone', async () => {
  const { handle, store } = await start();
  const url = 'http://crl.example/a.crl';
  expect(store.urlRecord(url)).toBeUndefined();
  const record = { etag: '"1"', fetchedAt: 1_700_000_000_000, failures: 0, retryAt: 0 };
  await handle.note(url, record);
  store.renew();
  expect(store.urlRecord(url)).toEqual(record);
  const failed = { fetchedAt: null, failures: 3, retryAt: 1_800_000_000_000, message: '404' };
  await handle.note(url, failed);
  store.renew();
  expect(store.urlRecord(url)).toEqual(failed);
});

test('of two processes one has the lease, until it lets it go or it ends', async () => {
  const dataDirectory = scratchFolder();
  const [one, two] = [await start(dataDirectory), await start(dataDirectory)];
  expect(await one.handle.acquireLease('a', 60_000)).toBe(true);
  expect(await two.handle.acquireLease('a', 60_000)).toBe(false);
  expect(await two.handle.acquireLease('b', 60_000)).toBe(true);
  expect(await one.handle.acquireLease('a', 60_000)).toBe(true);
  await two.handle.releaseLease('a');
  expect(await two.handle.acquireLease('a', 60_000)).toBe(false);
  await one.handle.releaseLease('a');
  expect(await two.handle.acquireLease('a', 1)).toBe(true);
  await new Promise((resolve) => {
    setTimeout(resolve, 10);
  });
  expect(await one.handle.acquireLease('a', 60_000)).toBe(true);
});

test('after it was closed it refuses', async () => {
  const { handle } = await start();
  await handle.ready;
  ends.pop();
  expect(await handle.close(60_000)).toBe(true);
  const request = { content: { path: '/nowhere' }, source: 'here', signers };
  expect(await handle.ingest(request)).toMatchObject({ kind: 'refused', code: 'STORE_FAILED' });
  await expect(handle.acquireLease('a', 1)).rejects.toThrow('about to end');
});
