// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { IngestHandle } from '../../src/crl/ingest-handle.js';
import { CrlStore } from '../../src/crl/store/crl-store.js';
import type { IngestRequest } from '../../src/wire/ingest.js';
import { parseCrl } from '../../src/x509/crl.js';
import { createCrl, createRoot } from '../pki/pki.js';
import { withShortTime } from '../short-time.js';
import { scratchFolder } from './store/store-scene.js';

const THREAD = new URL('../../dist/thread/ingest.js', import.meta.url);
const STOPPING = new URL('store/stopping-process.mjs', import.meta.url).pathname;

const root = createRoot({ subject: 'Stopped Root' });
const ago = (hours: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - hours * 3_600_000);
const crls = [5, 4, 3].map(
  (hours) => createCrl(root, { thisUpdate: ago(hours), revoked: [{ serial: hours }] }).der,
);
const { issuer } = parseCrl(crls[0]!);
const request = (der: Buffer): IngestRequest => ({
  content: { der: Uint8Array.from(der) },
  source: 'here',
  signers: [root.key.spki],
});

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const dataDirectoryOf = (): string => {
  const dataDirectory = scratchFolder();
  ends.push(() => rmSync(dataDirectory, { recursive: true, force: true }));
  return dataDirectory;
};

/** Open: a request would wait two seconds for that, which a busy machine may take. */
async function startHandle(
  dataDirectory: string,
  budget: number,
): Promise<{ handle: IngestHandle; stuck: string[] }> {
  const stuck: string[] = [];
  const handle = new IngestHandle({
    dataDirectory,
    maxBytes: 2 ** 30,
    keepsDer: false,
    budget,
    entry: THREAD,
    log: () => undefined,
    onStuck: (reason) => void stuck.push(reason),
  });
  ends.push(async () => {
    expect(await handle.close(60_000)).toBe(true);
  });
  await handle.ready;
  return { handle, stuck };
}

/** Once it is stopped within its transaction. */
async function stoppedWriter(dataDirectory: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [STOPPING, dataDirectory], { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(() => void child.kill('SIGKILL'));
  const isStopped = (): boolean => /^State:\tT/m.test(readFileSync(`/proc/${child.pid}/status`, 'latin1'));
  while (!isStopped()) await new Promise(setImmediate);
  return child;
}

function readerOf(dataDirectory: string): CrlStore {
  const report = (message: string): void => {
    expect(message).toBe('');
  };
  const store = new CrlStore({ dataDirectory, report, now: Date.now });
  ends.push(() => store.close());
  return store;
}

test('a writer that is stopped within a transaction delays others no longer than the budget', async () => {
  await withShortTime(1500, async (budget) => {
    const dataDirectory = dataDirectoryOf();
    const { handle, stuck } = await startHandle(dataDirectory, budget);
    expect(await handle.ingest(request(crls[0]!))).toMatchObject({ kind: 'stored' });
    const child = await stoppedWriter(dataDirectory);
    expect(await handle.ingest(request(crls[1]!))).toMatchObject({
      kind: 'refused',
      code: 'STORE_FAILED',
      message: expect.stringContaining('another process'),
    });
    // A reader that comes only now, and one lease that cannot be had.
    const store = readerOf(dataDirectory);
    expect(store.find(issuer)[0]?.crl.find(Uint8Array.of(5), issuer)).toBeDefined();
    await expect(handle.acquireLease('a', 1000)).rejects.toThrow('another process');
    child.kill('SIGCONT');
    await once(child, 'close');
    expect(await handle.ingest(request(crls[2]!))).toMatchObject({ kind: 'stored' });
    store.renew();
    expect(store.find(issuer)[0]?.crl.find(Uint8Array.of(3), issuer)).toBeDefined();
    expect(stuck).toEqual([]);
  });
});

test('a store that a stopped writer holds can be read from the start, and written once that one is gone', async () => {
  const dataDirectory = dataDirectoryOf();
  const first = await startHandle(dataDirectory, 60_000);
  await first.handle.ingest(request(crls[0]!));
  const child = await stoppedWriter(dataDirectory);
  // As in a process that starts now: its thread waits, and its readers do not.
  const late = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { IngestHandle } from ${JSON.stringify(new URL('../../dist/crl/ingest-handle.js', import.meta.url).href)};
       import { CrlStore } from ${JSON.stringify(new URL('../../dist/crl/store/crl-store.js', import.meta.url).href)};
       const dataDirectory = ${JSON.stringify(dataDirectory)};
       const handle = new IngestHandle({ dataDirectory, maxBytes: 2 ** 30, keepsDer: false, budget: 60_000,
         entry: new URL(${JSON.stringify(THREAD.href)}), log() {}, onStuck() {} });
       const store = new CrlStore({ dataDirectory, report: console.log, now: Date.now });
       console.log('read', store.list().length);
       const request = { content: { path: '/nowhere' }, source: 'here', signers: [] };
       console.log((await handle.ingest(request)).message);
       await handle.ready;
       console.log((await handle.ingest(request)).message);
       process.exit(await handle.close(60_000) ? 0 : 1);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  ends.push(() => void late.kill('SIGKILL'));
  let output = '';
  late.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  while (!output.includes('not open for writing')) await once(late.stdout, 'data');
  expect(output).toContain('read 1\n');
  // LMDB takes the lock back from the dead.
  child.kill('SIGKILL');
  const [code] = await once(late, 'close');
  expect(output).toContain('cannot be read');
  expect(code).toBe(0);
});
