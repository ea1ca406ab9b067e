// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { WARM_UP_DOMAIN, WARM_UP_PKI } from '../../src/warm-up-pki.js';
import { Client } from '../../src/client/index.js';
import { createChain } from '../verify/scene.js';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

const { root } = createChain();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-warm-'));
const anchors = join(folder, 'root.pem');
writeFileSync(anchors, root.pem);
let server: TestServer | undefined;

afterEach(() => server?.stop());
afterAll(() => rmSync(folder, { recursive: true }));

/** Resolves when the log has as many lines of that; they may come a little after `ready`. */
async function warm(of: TestServer, threads: number, loops: number): Promise<void> {
  const count = (text: string): number => of.log.split(text).length - 1;
  await until(
    () => [count('a task thread is warm'), count('the event loop is warm')],
    (found) => found[0] === threads && found[1] === loops,
  );
}

test('workers and threads warm up, the replaced ones too, and nothing of it shows in the status', async () => {
  server = await TestServer.startPatient({
    'workers.warmUp': '60s',
    workers: { count: 2 },
    threads: { count: 2 },
    trust: { anchors: [anchors] },
    log: { level: 'verbose' },
  });
  await warm(server, 4, 2);
  const { workers } = await server.status();
  for (const { statistics } of workers)
    expect(statistics).toMatchObject({
      handledRequests: 0,
      handledConnections: 0,
      openConnections: 0,
      cacheHits: 0,
      cacheMisses: 0,
      queueDepth: 0,
      threadRestarts: 0,
    });

  process.kill(workers[0]?.pid ?? 0, 'SIGKILL');
  await warm(server, 6, 3);
});

test('where few workers are left, the next one is ready without it', async () => {
  server = await TestServer.startPatient({
    'workers.warmUp': '60s',
    workers: { count: 1 },
    threads: { count: 1 },
    trust: { anchors: [anchors] },
    log: { level: 'verbose' },
  });
  await warm(server, 1, 1);
  const [first] = (await server.status()).workers;
  process.kill(first?.pid ?? 0, 'SIGKILL');
  const pids = await until(
    async () =>
      (await server!.status()).workers.filter(({ state }) => state === 'ready').map(({ pid }) => pid),
    ([pid]) => pid !== undefined && pid !== first?.pid,
  );
  expect(pids).toHaveLength(1);
  // A worker that is warm says so before it says that it is ready.
  await warm(server, 1, 1);
});

test('the chains of the warm-up are not trusted by a server', async () => {
  server = await TestServer.startPatient({ 'workers.warmUp': '60s', trust: { anchors: [anchors] } });
  const client = new Client(server.msgpack, { timeout: 60_000 });
  for (const { leaves, intermediate, root: warmUpRoot } of Object.values(WARM_UP_PKI)) {
    const certificates = [leaves.full, intermediate, warmUpRoot].map((text) => Buffer.from(text, 'base64'));
    const verdict = await client.verify({ certificates, hosts: [`a.${WARM_UP_DOMAIN}`], revocation: 'off' });
    expect(verdict).toMatchObject({ status: 'invalid', code: 'NO_PATH' });
  }
  await client.close();
});
