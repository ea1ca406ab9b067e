// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { SharedNames } from '../../src/crl/share/shared-entry.js';
import { withComponent } from '../component.js';
import { RedisProcess } from '../crl/share/redis-process.js';
import { createRoot, type Issued } from '../pki/pki.js';
import { CrlHost } from './crl-host.js';
import { FetchedPki } from './fetched-pki.js';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

// What is waited for comes in seconds, on a machine with nothing else to do.
const test = withComponent('redis-server');

const root = createRoot();
const names = new SharedNames('pkixd:');
let folder: string;
let redis: RedisProcess;
let host: CrlHost;
let pki: FetchedPki;
/** Two hosts, each with a data directory of its own: the one asks for newer CRLs every second, the other once a day. */
let eager: TestServer;
let calm: TestServer;

const start = (settings: Readonly<Record<string, unknown>> = {}): Promise<TestServer> =>
  TestServer.startPatient({
    trust: { anchors: [join(folder, 'root.pem')] },
    'crl.allow': [`127.0.0.1:${host.port}`],
    'crl.redis': redis.url,
    // The machine may be busy; Redis is not to be given up for that.
    'crl.redisTimeout': '10s',
    'crl.redisMaxWait': '50s',
    'crl.refresh': '1d',
    'crl.maxWait': '60s',
    'crl.stallTimeout': '60s',
    'crl.fetchTimeout': '60s',
    'workers.count': 2,
    'cache.max': 0,
    ...settings,
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-hosts-'));
  writeFileSync(join(folder, 'root.pem'), root.pem);
  [redis, host] = await Promise.all([RedisProcess.start(), CrlHost.start()]);
  [eager, calm] = await Promise.all([start({ 'crl.refresh': '1s' }), start()]);
});
afterAll(async () => {
  redis.goOn();
  await Promise.all([eager.stop(), calm.stop(), host.stop(), redis.stop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  pki = new FetchedPki(root, host);
});

const ask = async (server: TestServer, leaf: Issued = pki.leaf): Promise<string> =>
  /^\S+ (\S+ \S+)/.exec(await server.talk(pki.verify('id=1', leaf)))?.[1] ?? '';

/** What the host was asked for of the intermediate's CRL, by those that did not have it. */
const requests = async (): Promise<number> =>
  (await pki.requests(host)).filter(({ path, conditional }) => path === '/ca' && !conditional).length;

/** Resolves once so many requests of the server wait for a CRL. */
const waiting = (server: TestServer, count: number) =>
  until(
    async () => (await server.status()).workers.map(({ statistics }) => statistics?.waiting ?? 0),
    (counts) => counts.reduce((a, b) => a + b) === count,
  );

test('two hosts, two workers each, want a CRL at once: one GET', async () => {
  await pki.publish(host, 1);
  await host.hold(true);
  const first = Array.from({ length: 20 }, () => ask(eager, pki.newLeaf()));
  await until(
    () => redis.client().exists(names.lease(pki.caUrl)),
    (there) => there === 1,
  );
  const second = Array.from({ length: 20 }, () => ask(calm, pki.newLeaf()));
  await Promise.all([waiting(eager, 20), waiting(calm, 20)]);
  await host.hold(false);
  for (const head of await Promise.all([...first, ...second])) expect(head).toBe('valid OK');
  expect(await requests()).toBe(1);
  const { workers } = await until(
    () => calm.status(),
    (status) =>
      status.workers.some(({ services }) => (services?.['redisHits'] ?? 0) > 0) &&
      status.workers.every(({ services }) => services?.['redisUp'] === 1),
  );
  expect(workers).toHaveLength(2);
});

test('a revocation that one host finds is known to the other, though its own refresh is a day away', async () => {
  await pki.publish(host, 1);
  expect([await ask(eager), await ask(calm)]).toEqual(['valid OK', 'valid OK']);
  await pki.publish(host, 2, { revoked: [{ serial: pki.leaf.serial }] });
  await until(
    () => Promise.all([ask(eager), ask(calm)]),
    (found) => found.every((head) => head === 'invalid REVOKED'),
  );
  await until(
    () => calm.log,
    (log) => log.includes('a CRL came from another host'),
  );
});

test('Redis hangs, is killed and comes back: every request has its verdict', async () => {
  const hasty = await start({ 'crl.redisTimeout': '200ms', 'crl.redisMaxWait': '1s', 'workers.count': 1 });
  const verdict = async (): Promise<string> => {
    pki = new FetchedPki(root, host);
    await pki.publish(host, 1);
    return ask(hasty);
  };
  try {
    expect(await verdict()).toBe('valid OK');
    redis.hang();
    expect([await verdict(), await verdict()]).toEqual(['valid OK', 'valid OK']);
    await until(
      () => hasty.log,
      (log) => log.includes('Redis cannot be used for CRLs of other hosts'),
    );
    redis.goOn();
    await redis.kill();
    expect([await verdict(), await verdict()]).toEqual(['valid OK', 'valid OK']);
    await redis.startAgain();
    await until(
      async () => [await verdict(), await redis.client().exists(names.entry(pki.caUrl))],
      ([head, isThere]) => head === 'valid OK' && isThere === 1,
    );
  } finally {
    await hasty.stop();
  }
});

test('a reload brings Redis in, and takes it away', async () => {
  const server = await start({ 'crl.redis': '', 'workers.count': 1 });
  const isShared = async (): Promise<boolean> => {
    pki = new FetchedPki(root, host);
    await pki.publish(host, 1);
    expect(await ask(server)).toBe('valid OK');
    return (await redis.client().exists(names.entry(pki.caUrl))) === 1;
  };
  const file = join(server.directory, 'pkixd.config.json');
  const reloadWith = async (url: string): Promise<void> => {
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, 'crl.redis': url }));
    await server.command({ command: 'reload' });
  };
  try {
    expect(await isShared()).toBe(false);
    await reloadWith(redis.url);
    await until(isShared, (isSo) => isSo);
    await reloadWith('');
    expect(await isShared()).toBe(false);
  } finally {
    await server.stop();
  }
});
