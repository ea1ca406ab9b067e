// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { CrlStore } from '../../../src/crl/store/crl-store.js';
import { environmentPath } from '../../../src/crl/store/environment-files.js';
import { ALL_BUCKETS, generationOf } from '../../../src/crl/store/records/keys.js';
import { parseCrl } from '../../../src/x509/crl.js';
import { type BigCrl, createBigCrl } from '../../pki/big-crl.js';
import { createRoot } from '../../pki/pki.js';
import { openScene, scratchFolder, type StoreScene } from './store-scene.js';

const ENTRY = new URL('ingesting-process.mjs', import.meta.url).pathname;
const VERSIONS = 120;
const COUNT = 1500;

const root = createRoot({ subject: 'Crash Root' });
const folder = scratchFolder();
const started = Date.now() - 86_400_000;
const versions: BigCrl[] = Array.from({ length: VERSIONS }, (_, index) => {
  const number = index + 1;
  const crl = createBigCrl(root, {
    count: COUNT,
    number,
    thisUpdate: new Date(started + number * 1000),
    nextUpdate: new Date(started + 10 * 86_400_000),
  });
  writeFileSync(join(folder, `${number}.crl`), crl.der);
  return crl;
});
writeFileSync(join(folder, 'spki'), root.key.spki);
const { issuer } = parseCrl(versions[0]!.der);

const children: ChildProcess[] = [];
const folders = [folder];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

function scratch(): string {
  const path = scratchFolder();
  folders.push(path);
  return path;
}

/** Its lines, and the end of it. */
function startIngesting(
  dataDirectory: string,
  first: number,
  last = VERSIONS,
): { child: ChildProcess; lines: string[] } {
  const child = spawn(
    process.execPath,
    [ENTRY, dataDirectory, folder, String(first), String(last), 'whole'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    child.emit('line', line);
  });
  return { child, lines };
}

/** The version that the store has, after every answer was seen to be that version's. */
function checkedVersion({ store }: StoreScene): number {
  store.renew();
  const found = store.find(issuer);
  if (found.length === 0) return 0;
  expect(found).toHaveLength(1);
  const { crl } = found[0]!;
  const number = Number(crl.number);
  for (let index = 0; index < COUNT; index++) {
    expect(crl.find(versions[number - 1]!.serial(index), issuer)).toBeDefined();
  }
  for (const other of [number - 1, number + 1]) {
    const version = versions[other - 1];
    if (version === undefined) continue;
    for (let index = 0; index < COUNT; index += 7) {
      expect(crl.find(version.serial(index), issuer)).toBeUndefined();
    }
  }
  return number;
}

const lastStored = (lines: readonly string[]): number =>
  Math.max(0, ...lines.flatMap((line) => /^stored (\d+)/.exec(line)?.[1] ?? []).map(Number));

test('killed again and again while it stores, it leaves the old CRL or the new one, whole', async () => {
  const dataDirectory = scratch();
  let reached = 0;
  for (let round = 0; round < 10 && reached < VERSIONS - 5; round++) {
    const { child, lines } = startIngesting(dataDirectory, reached + 1);
    const closed = once(child, 'close');
    const wait = Math.floor(Math.random() * 8);
    while (lines.length <= wait && child.exitCode === null) await Promise.race([once(child, 'line'), closed]);
    // Anywhere in the few ms that each of them takes.
    await new Promise((resolve) => {
      setTimeout(resolve, Math.random() * 20);
    });
    child.kill('SIGKILL');
    await closed;
    const scene = await openScene({ dataDirectory });
    const version = checkedVersion(scene);
    expect(version).toBeGreaterThanOrEqual(lastStored(lines));
    expect(scene.reports).toEqual([]);
    await scene.ingester.tidy(undefined);
    await scene.close();
    reached = version;
  }
  expect(reached).toBeGreaterThan(0);
  // Nothing of the dead is left.
  const scene = await openScene({ dataDirectory });
  await scene.ingester.tidy(undefined);
  expect(scene.store.list()).toHaveLength(1);
  expect(new Set(scene.writer.environment.keys(ALL_BUCKETS).map(generationOf)).size).toBe(1);
  const path = environmentPath(dataDirectory);
  const files = readdirSync(path).filter((name) => name.endsWith('.der'));
  expect(files).toHaveLength(1);
  expect(readFileSync(join(path, files[0]!)).equals(versions[reached - 1]!.der)).toBe(true);
  await scene.close();
});

test('a reader sees one version whole at every moment while another process stores', async () => {
  const dataDirectory = scratch();
  const scene = await openScene({ dataDirectory });
  const between = new Set<number>();
  // Again, where this process did not get to look before the other was done.
  for (let last = 40; last <= VERSIONS && between.size === 0; last += 40) {
    const { child, lines } = startIngesting(dataDirectory, last - 39, last);
    const closed = once(child, 'close');
    while (child.exitCode === null && child.signalCode === null) {
      const version = checkedVersion(scene);
      if (version % 40 !== 0) between.add(version);
      await new Promise(setImmediate);
    }
    await closed;
    expect(lines.filter((line) => line.startsWith('stored'))).toHaveLength(40);
    expect(checkedVersion(scene)).toBe(last);
  }
  expect(between.size).toBeGreaterThan(0);
  await scene.close();
});

test.each([
  ['cut short', (file: number, size: number) => ftruncateSync(file, size - 8192)],
  ['emptied but for a page', (file: number) => ftruncateSync(file, 4096)],
  ['overwritten at its start', (file: number) => void writeSync(file, Buffer.alloc(8192, 0x55), 0, 8192, 0)],
])('an environment that was %s is put aside, reported and made anew', async (_, harm) => {
  const dataDirectory = scratch();
  const { child } = startIngesting(dataDirectory, 1, 2);
  await once(child, 'close');
  const data = join(environmentPath(dataDirectory), 'data.mdb');
  const file = openSync(data, 'r+');
  harm(file, statSync(data).size);
  closeSync(file);
  const scene = await openScene({ dataDirectory });
  expect(scene.reports).toEqual([expect.stringContaining('damaged')]);
  expect(checkedVersion(scene)).toBe(0);
  expect(readdirSync(dataDirectory).filter((name) => name.includes('damaged'))).toHaveLength(1);
  // Marks are kept: what is older than the lost one is not let in.
  expect(await scene.ingest(versions[0]!.der, root)).toMatchObject({ kind: 'notNewer' });
  expect(await scene.ingest(versions[1]!.der, root)).toMatchObject({ kind: 'stored' });
  expect(checkedVersion(scene)).toBe(2);
  await scene.close();
});

test('a reader of a damaged environment reports it, finds nothing, and comes back once it is made anew', async () => {
  const dataDirectory = scratch();
  const path = environmentPath(dataDirectory);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'data.mdb'), Buffer.alloc(16_384, 0x55));
  const reports: string[] = [];
  let isDamaged = false;
  const store = new CrlStore({
    dataDirectory,
    report: (message) => reports.push(message),
    now: Date.now,
    damaged: () => (isDamaged = true),
  });
  expect(store.find(issuer)).toEqual([]);
  expect(reports).toEqual([expect.stringContaining('damaged')]);
  expect(isDamaged).toBe(true);
  const scene = await openScene({ dataDirectory });
  await scene.ingest(versions[0]!.der, root);
  store.renew();
  expect(store.find(issuer)).toHaveLength(1);
  await store.close();
  await scene.close();
});
