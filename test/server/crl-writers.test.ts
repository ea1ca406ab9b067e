// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Environment } from '../../src/crl/store/environment.js';
import { environmentPath } from '../../src/crl/store/environment-files.js';
import { ALL_PENDING } from '../../src/crl/store/records/keys.js';
import { decode } from '../../src/wire/codec.js';
import { program } from '../cli/program.js';
import { withComponent } from '../component.js';
import { type BigCrl, createBigCrl } from '../pki/big-crl.js';
import { crlDistributionPoints } from '../pki/extensions.js';
import { createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { answerOf } from './answer.js';
import { CrlHost } from './crl-host.js';
import { FetchedPki } from './fetched-pki.js';
import { alive, TestServer } from './test-server.js';
import { until } from '../until.js';

// Whole servers whose workers are killed, stopped or out of room while they fetch a CRL or write it.
const PATIENCE = 60_000;

const COUNT = 200_000;
const root = createRoot();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-writers-'));
writeFileSync(join(folder, 'root.pem'), root.pem);
let host: CrlHost;
let server: TestServer;
let pki: FetchedPki;

beforeAll(async () => {
  host = await CrlHost.start();
});
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  pki = new FetchedPki(root, host);
  await pki.publish(host, 1);
  server = await TestServer.startPatient({
    trust: { anchors: [join(folder, 'root.pem')] },
    'crl.allow': [`127.0.0.1:${host.port}`],
    'crl.maxWait': '60s',
    'crl.stallTimeout': '60s',
    'crl.fetchTimeout': '60s',
    'crl.refresh': '1s',
    'crl.retry': '500ms',
    'crl.maxRetry': '500ms',
    'workers.count': 2,
    // So soon is a stopped one ended.
    'workers.pingTimeout': '10s',
  });
});
afterEach(async () => {
  await host.hold(false);
  await server.stop();
});

const dataDirectory = (): string => join(server.directory, 'data');

/** A large CRL of the intermediate; no serial number of it is in one of another number. */
const bigCrl = (number: number): BigCrl =>
  createBigCrl(pki.intermediate, {
    count: COUNT,
    number,
    thisUpdate: new Date(Date.now() - 3_600_000 + number * 1000),
    nextUpdate: new Date(Date.now() + 24 * 3_600_000),
  });
const publish = (crl: BigCrl): Promise<void> => host.publish(new URL(pki.caUrl).pathname, crl.der);

const leafListedIn = (crl: BigCrl): Issued =>
  createLeaf(pki.intermediate, {
    extensions: [crlDistributionPoints(pki.caUrl)],
    serial: BigInt(`0x${Buffer.from(crl.serial(COUNT / 2)).toString('hex')}`),
  });

interface Told {
  readonly head: string;
  readonly message: string;
  /** The number of the CRL that decided. */
  readonly number: number;
}

/** `undefined` where the connection died with its worker. */
async function ask(leaf: Issued): Promise<Told | undefined> {
  const line = await server.talk(pki.verify('id=1', leaf)).catch(() => '');
  if (line === '') return undefined;
  const { head, verdict } = answerOf(line);
  return { head, message: verdict.message, number: Number(verdict.revocation?.[0]?.number ?? 0) };
}

/** The process that is writing a CRL now, once there is one, unless `isOver` before; the dead have left their records. */
async function writingProcess(environment: Environment, isOver: () => boolean): Promise<number | undefined> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await delay(1)) {
    environment.renew();
    const pids = environment.entries(ALL_PENDING).map(({ value }) => (decode(value) as { pid: number }).pid);
    const living = pids.find(alive);
    if (living !== undefined) return living;
    if (isOver()) return undefined;
  }
  throw new Error('nobody writes');
}

/** Asks for a certificate of each CRL all the while, and holds each answer to the CRL that it names. */
function watching(leaves: ReadonlyMap<number, Issued>): { stop(): Promise<number>; newest(): number } {
  const stopped = new AbortController();
  let newest = 0;
  const run = async (): Promise<number> => {
    let answered = 0;
    while (!stopped.signal.aborted) {
      for (const [number, leaf] of leaves) {
        const told = await ask(leaf);
        if (told === undefined) continue;
        answered++;
        expect(told.head).toBe(told.number === number ? 'invalid REVOKED' : 'valid OK');
        expect(told.number).toBeGreaterThanOrEqual(newest);
        newest = told.number;
      }
    }
    return answered;
  };
  const ended = run();
  // Looked at in the end.
  ended.catch(() => undefined);
  return {
    newest: () => newest,
    stop: () => {
      stopped.abort();
      return ended;
    },
  };
}

test.each([
  ['killed', 'SIGKILL', 6],
  ['stopped', 'SIGSTOP', 1],
] as const)(
  'a worker that is %s while it stores a CRL, again and again: every answer is that of one CRL, whole, and the newest comes in',
  async (_, signal, rounds) => {
    const leaves = new Map([[0, pki.leaf]]);
    const first = bigCrl(1);
    leaves.set(1, leafListedIn(first));
    await publish(first);
    expect(await ask(pki.leaf)).toMatchObject({ head: 'valid OK', number: 1 });
    const environment = Environment.openOnlyToRead(dataDirectory());
    const watch = watching(leaves);
    let newest = 1;
    try {
      for (let round = 0; round < rounds;) {
        const number = ++newest;
        const next = bigCrl(number);
        leaves.set(number, leafListedIn(next));
        await publish(next);
        const writing = await writingProcess(environment, () => watch.newest() === number);
        // It may have been stored too soon to be seen.
        if (writing === undefined) continue;
        process.kill(writing, signal);
        round++;
      }
    } finally {
      await environment.close();
    }
    await until(
      () => ask(leaves.get(newest)!),
      (told) => told?.head === 'invalid REVOKED' && told.number === newest,
      2 * PATIENCE,
    );
    expect(await watch.stop()).toBeGreaterThan(0);
    expect(server.log).not.toContain('damaged');
    const config = ['--config', join(server.directory, 'pkixd.config.json')];
    expect(await program(server.directory, ['crl', 'check', ...config])).toMatchObject({
      code: 0,
      out: expect.stringContaining('all fresh and whole'),
    });
  },
);

test('a worker that is killed in the middle of a download: another takes it over, and those who wait are answered', async () => {
  await host.hold('halves');
  const requests = async (): Promise<number> =>
    (await pki.requests(host)).filter(({ path }) => path === '/ca').length;
  const first = ask(pki.leaf);
  await until(requests, (count) => count === 1, PATIENCE);
  const waiting = async (): Promise<ReadonlyMap<number, number>> =>
    new Map((await server.status()).workers.map(({ pid, statistics }) => [pid, statistics?.waiting ?? 0]));
  const counts = await until(waiting, (found) => [...found.values()].includes(1), PATIENCE);
  const [holder] = [...counts].find(([, count]) => count === 1)!;
  const others = Array.from({ length: 20 }, () => ask(pki.newLeaf()));
  await until(
    waiting,
    (found) => found.size === 2 && [...found.values()].every((count) => count > 0),
    PATIENCE,
  );
  expect(await requests()).toBe(1);
  process.kill(holder, 'SIGKILL');
  expect(await first).toBeUndefined();
  await until(requests, (count) => count === 2, PATIENCE);
  await host.hold(false);
  const told = (await Promise.all(others)).filter((answer) => answer !== undefined);
  expect(told.length).toBeGreaterThan(0);
  expect(new Set(told.map(({ head }) => head))).toEqual(new Set(['valid OK']));
  expect((await ask(pki.leaf))?.head).toBe('valid OK');
});

withComponent('prlimit')(
  'on a full disk what is stored serves on, what does not fit is told with its URL, and comes in once there is room',
  async () => {
    expect(await ask(pki.leaf)).toMatchObject({ head: 'valid OK', number: 1 });
    const limit = async (size: string): Promise<void> => {
      for (const { pid } of (await server.status()).workers)
        execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:`]);
    };
    const { size } = statSync(join(environmentPath(dataDirectory()), 'data.mdb'));
    await limit(String(size + 65_536));
    const small = pki;
    pki = new FetchedPki(root, host);
    await pki.publish(host, 1);
    const large = bigCrl(2);
    await publish(large);
    const refused = await ask(pki.leaf);
    expect(refused?.head).toBe('indeterminate FETCH_FAILED');
    expect(refused?.message).toContain(pki.caUrl);
    expect(refused?.message).toContain('is there room on the disk?');
    const [leaf, listed] = [pki.leaf, leafListedIn(large)];
    const big = pki;
    pki = small;
    expect(await ask(pki.newLeaf())).toMatchObject({ head: 'valid OK', number: 1 });
    await until(
      () => server.log,
      (log) => log.includes('is there room on the disk?'),
    );
    await limit('unlimited');
    pki = big;
    await until(
      () => ask(leaf),
      (told) => told?.head === 'valid OK' && told.number === 2,
      PATIENCE,
    );
    expect(await ask(listed)).toMatchObject({ head: 'invalid REVOKED', number: 2 });
    expect(server.log).not.toContain('damaged');
  },
);
