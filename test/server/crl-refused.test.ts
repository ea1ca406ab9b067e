// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCrl, createRoot } from '../pki/pki.js';
import { CrlHost } from './crl-host.js';
import { FetchedPki } from './fetched-pki.js';
import { TestServer, withoutOptions } from './test-server.js';
import { until } from '../until.js';

const run = promisify(execFile);
const root = createRoot();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-refused-'));
const anchor = join(folder, 'root.pem');
writeFileSync(anchor, root.pem);
let host: CrlHost;
let server: TestServer;

beforeAll(async () => {
  host = await CrlHost.start();
  server = await TestServer.start({
    trust: { anchors: [anchor] },
    workers: { count: 1 },
    'crl.allow': [`127.0.0.1:${host.port}`],
    'crl.refresh': '1s',
    'crl.grace': '0s',
    'crl.retry': '300ms',
    'crl.maxRetry': '300ms',
  });
});
afterAll(async () => {
  await Promise.all([server.stop(), host.stop()]);
  rmSync(folder, { recursive: true });
});

interface Checked {
  readonly code: number;
  readonly text: string;
}

async function crl(...words: readonly string[]): Promise<Checked> {
  const config = join(server.directory, 'pkixd.config.json');
  const args = ['dist/cli/main.js', 'crl', ...words, '--config', config];
  return run(process.execPath, args, { env: withoutOptions(process.env) }).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, text: error.stdout }),
  );
}

test('a source whose CRL is refused is a failure to the monitor and in the list, until it is well again', async () => {
  const pki = new FetchedPki(root, host);
  await pki.publish(host, 1);
  expect(await server.talk(pki.verify('id=1'))).toMatch(/valid OK/);
  await until(
    () => crl('check'),
    ({ code }) => code === 0,
  );

  // Another CA's key, under this CA's name: a new revocation could not be seen.
  const { pathname } = new URL(pki.caUrl);
  const good = await host.content(pathname);
  const impostor = createRoot({ subject: 'Impostor' });
  const forged = createCrl({ ...pki.intermediate, key: impostor.key }, { thisUpdate: new Date() });
  await host.publish(pathname, forged.der);
  const bad = await until(
    () => crl('check'),
    ({ code }) => code !== 0,
  );
  expect(bad.code).toBe(1);
  expect(bad.text).toContain(`${pki.caUrl} failed`);
  const { text } = await crl('list', '--json');
  const listed = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { source: string; failures: number; failure: string | null })
    .find(({ source }) => source === pki.caUrl);
  expect(listed?.failures).toBeGreaterThan(0);
  expect(listed?.failure).toMatch(/signature|key/i);
  expect(server.log).toContain('a fetched CRL was not taken');

  await host.publish(pathname, good);
  await until(
    () => crl('check'),
    ({ code }) => code === 0,
  );
  expect(server.log).toContain('a source of CRLs is well again');
});

test('a CRL in use that goes stale is told, and that a newer one came for it', async () => {
  const pki = new FetchedPki(root, host);
  await pki.publish(host, 1, { nextUpdate: new Date(Math.ceil(Date.now() / 1000) * 1000 + 4000) });
  expect(await server.talk(pki.verify('id=1'))).toMatch(/valid OK/);
  const { pathname } = new URL(pki.caUrl);
  await until(
    () => server.log,
    (log) => log.includes('a CRL in use is out of date') && log.includes(pathname),
  );
  await pki.publish(host, 2);
  await until(
    () => server.log,
    (log) => log.includes('a CRL in use is current again'),
  );
});
