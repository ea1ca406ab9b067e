import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { DerPieces } from '../../../src/crl/store/der-files.js';
import { environmentPath } from '../../../src/crl/store/environment-files.js';
import { createBigCrl } from '../../pki/big-crl.js';
import { octetString } from '../../pki/der-builder.js';
import { extension } from '../../pki/extensions.js';
import { createCrl, createRoot, type Issued } from '../../pki/pki.js';
import { openScene, scratchFolder, type StoreScene } from './store-scene.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function scratch(): string {
  const folder = scratchFolder();
  folders.push(folder);
  return folder;
}

const hoursAgo = (count: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - count * 3_600_000);
const crlOf = (root: Issued, age: number): Buffer => createCrl(root, { thisUpdate: hoursAgo(age) }).der;

function bigCrl(root: Issued, count: number): Buffer {
  const times = { thisUpdate: hoursAgo(1), nextUpdate: hoursAgo(-24) };
  return Buffer.from(createBigCrl(root, { count, number: 1, ...times }).der);
}

/** What is kept, by generation. */
function kept(dataDirectory: string): Buffer[] {
  const path = environmentPath(dataDirectory);
  const names = readdirSync(path).filter((name) => name.endsWith('.der'));
  return names.toSorted().map((name) => readFileSync(join(path, name)));
}

function read(scene: StoreScene, url: string): Buffer {
  const { path = '', size = 0 } = scene.store.servedAt(url)?.crl ?? {};
  const pieces = new DerPieces(path, size, () => 0);
  expect(pieces.open()).toBe(true);
  const all: Buffer[] = [];
  for (let piece = pieces.next(); piece !== undefined; piece = pieces.next()) all.push(piece);
  pieces.close();
  return Buffer.concat(all);
}

async function store(scene: StoreScene, der: Buffer, root: Issued, source: string): Promise<string> {
  const outcome = await scene.ingest(der, root, { source });
  if (outcome.kind !== 'stored') throw new Error(JSON.stringify(outcome.kind));
  await scene.ingester.tidy(outcome.crl.key);
  scene.store.renew();
  return outcome.crl.key;
}

test('a CRL of any size is kept as it came, byte for byte, and found by the URL it came from', async () => {
  const scene = await openScene({ keepsDer: true });
  for (const count of [0, 1, 60_000]) {
    const root = createRoot({ subject: `Kept ${count}` });
    const der = bigCrl(root, count);
    const url = `http://crl.example/${count}.crl`;
    await store(scene, der, root, url);
    expect(read(scene, `HTTP://CRL.example:80/${count}.crl#x`).equals(der)).toBe(true);
    expect(scene.store.list().find(({ source }) => source === url)?.bytes).toBeGreaterThan(der.length);
  }
  expect(scene.store.servedAt('http://crl.example/other.crl')).toBeUndefined();
  await scene.close();
});

test('no bytes are kept without a CRL proxy, nor those of a refused CRL', async () => {
  const dataDirectory = scratch();
  const root = createRoot();
  const without = await openScene({ dataDirectory });
  await store(without, crlOf(root, 2), root, 'http://crl.example/a.crl');
  expect(kept(dataDirectory)).toHaveLength(0);
  expect(without.store.servedAt('http://crl.example/a.crl')?.crl.isKept()).toBe(false);
  await without.close();
  const scene = await openScene({ dataDirectory, keepsDer: true });
  const cut = createCrl(createRoot(), { breakSignature: true }).der;
  expect(await scene.ingest(cut, root)).toMatchObject({ kind: 'refused' });
  const strange = extension('1.2.3.4', octetString(Buffer.of(0)), true);
  const voided = createCrl(root, { revoked: [{ serial: 1, extensions: [strange] }] }).der;
  expect(await scene.ingest(voided, root)).toMatchObject({ kind: 'refused' });
  await scene.ingester.tidy(undefined);
  expect(kept(dataDirectory)).toHaveLength(0);
  await scene.close();
});

test('what was stored without its bytes, or lost them, gets them when it comes again', async () => {
  const dataDirectory = scratch();
  const root = createRoot();
  const der = crlOf(root, 2);
  const url = 'http://crl.example/a.crl';
  const without = await openScene({ dataDirectory });
  await store(without, der, root, url);
  await without.close();
  const scene = await openScene({ dataDirectory, keepsDer: true });
  await store(scene, der, root, url);
  expect(read(scene, url).equals(der)).toBe(true);
  expect(await scene.ingest(der, root, { source: url })).toMatchObject({ kind: 'notNewer' });
  for (const name of readdirSync(environmentPath(dataDirectory)).filter((each) => each.endsWith('.der')))
    rmSync(join(environmentPath(dataDirectory), name));
  expect(scene.store.servedAt(url)?.crl.isKept()).toBe(false);
  await store(scene, der, root, url);
  expect(read(scene, url).equals(der)).toBe(true);
  expect(kept(dataDirectory)).toHaveLength(1);
  await scene.close();
});

test('the bytes go with their CRL: superseded, removed or evicted; who reads them already reads them whole', async () => {
  const dataDirectory = scratch();
  const scene = await openScene({ dataDirectory, keepsDer: true, maxBytes: 60_000 });
  const root = createRoot({ subject: 'Superseded' });
  const url = 'http://crl.example/a.crl';
  const first = crlOf(root, 3);
  await store(scene, first, root, url);
  const { path = '', size = 0 } = scene.store.servedAt(url)?.crl ?? {};
  const reading = new DerPieces(path, size, () => 0);
  const late = new DerPieces(path, size, () => 0);
  expect(reading.open()).toBe(true);
  const second = crlOf(root, 2);
  const key = await store(scene, second, root, url);
  expect(kept(dataDirectory).map((each) => each.equals(second))).toEqual([true]);
  expect(reading.next()?.equals(first)).toBe(true);
  reading.close();
  expect(late.open()).toBe(false);
  const head = scene.store.list().find((each) => each.key === key);
  expect(head?.bytes).toBeGreaterThan(second.length);
  // What is kept counts: two of these have room, and a third has not.
  const large = [1, 2, 3].map((number) => createRoot({ subject: `Large ${number}` }));
  for (const each of large) await store(scene, bigCrl(each, 300), each, 'http://crl.example/b.crl');
  expect(kept(dataDirectory).length).toBe(scene.store.list().length);
  expect(scene.store.list().length).toBeLessThan(4);
  expect(scene.store.list().reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(60_000);
  await scene.close();
});

test('files that no record speaks of are gone after the next start', async () => {
  const dataDirectory = scratch();
  const root = createRoot();
  const scene = await openScene({ dataDirectory, keepsDer: true });
  const der = crlOf(root, 2);
  await store(scene, der, root, 'http://crl.example/a.crl');
  await scene.close();
  writeFileSync(join(environmentPath(dataDirectory), '977.der'), 'left by the dead');
  const again = await openScene({ dataDirectory, keepsDer: true });
  await again.ingester.tidy(undefined);
  expect(kept(dataDirectory).map((each) => each.equals(der))).toEqual([true]);
  await again.close();
});

test('who reads far too slowly is cut off, for the space of what he reads is kept until then', async () => {
  const scene = await openScene({ keepsDer: true });
  const root = createRoot();
  const url = 'http://crl.example/a.crl';
  await store(scene, bigCrl(root, 5000), root, url);
  const { path = '', size = 0 } = scene.store.servedAt(url)?.crl ?? {};
  let time = 0;
  const pieces = new DerPieces(path, size, () => time);
  expect(pieces.open()).toBe(true);
  time = 60_000;
  expect(pieces.next()).toHaveLength(64 * 1024);
  time = 100_000;
  expect(() => pieces.next()).toThrow(/too long/);
  pieces.close();
  await scene.close();
});
