// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { withComponent } from '../component.js';
import { CachingProxy, PROXY_PROGRAMS, type ProxyProgram } from '../crl/fetch/caching-proxy.js';
import { createRoot } from '../pki/pki.js';
import { until } from '../until.js';
import { CrlHost } from './crl-host.js';
import { type CrlProxy, type Fetched, get, startProxy } from './crl-proxy-scene.js';
import { FetchedPki } from './fetched-pki.js';

/** For so long a CRL is fresh here, s. */
const REFRESH = 3;

const root = createRoot();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-caches-'));
writeFileSync(join(folder, 'root.pem'), root.pem);
let host: CrlHost;
let pkixd: CrlProxy;
let pki: FetchedPki;
let cache: CachingProxy | undefined;

beforeAll(async () => {
  host = await CrlHost.start();
  pkixd = await startProxy(host, {
    trust: { anchors: [join(folder, 'root.pem')] },
    'crl.refresh': `${REFRESH}s`,
    'crl.retry': '1s',
    'crl.maxRetry': '1s',
  });
});
afterAll(async () => {
  await Promise.all([pkixd.server.stop(), host.stop()]);
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await cache?.stop();
  cache = undefined;
});

/** A client of a cache before the listener; the CRL that is asked for is known by a verified chain. */
async function through(
  program: ProxyProgram,
): Promise<(headers?: Record<string, string>) => Promise<Fetched>> {
  pki = new FetchedPki(root, host);
  await pki.publish(host, 1);
  expect(await pkixd.server.talk(pki.verify('id=1'))).toMatch(/valid OK/);
  cache = await CachingProxy.start(program, { port: pkixd.port, isProxy: true });
  const { port } = cache;
  return async (headers = {}) => get({ port }, pki.caUrl, { host: new URL(pki.caUrl).host, ...headers });
}

const content = async (): Promise<Buffer> => host.content(new URL(pki.caUrl).pathname);
const handled = async (): Promise<number> =>
  (await pkixd.server.status()).workers[0]?.statistics?.handledRequests ?? 0;

for (const program of PROXY_PROGRAMS) {
  const testWith = withComponent(program);

  testWith(
    `${program} before the listener keeps a CRL for as long as it is fresh, with its age`,
    async () => {
      const ask = await through(program);
      const first = await ask();
      expect(first).toMatchObject({ status: 200, headers: { 'content-type': 'application/pkix-crl' } });
      expect(first.body.equals(await content())).toBe(true);
      const asked = await handled();
      const second = await ask();
      expect(second.body.equals(first.body)).toBe(true);
      // Unless the machine took so long that it was over meanwhile.
      const age = Number(second.headers.age ?? first.headers.age);
      if (age < REFRESH) expect(await handled()).toBe(asked);
      const { etag = '' } = first.headers;
      expect(await ask({ 'if-none-match': etag })).toMatchObject({ status: 304 });
    },
  );

  testWith(`${program} asks again when it is over: for the same CRL, and for a newer one`, async () => {
    const ask = await through(program);
    const first = await ask();
    const asked = await handled();
    await until(async () => {
      const again = await ask();
      expect(again.body.equals(first.body)).toBe(true);
      return (await handled()) > asked;
    }, Boolean);
    await pki.publish(host, 2);
    const newer = await content();
    await until(async () => (await ask()).body.equals(newer), Boolean);
  });

  testWith(`${program} passes on the age of a CRL whose source is silent`, async () => {
    const ask = await through(program);
    await ask();
    await host.withdraw(new URL(pki.caUrl).pathname);
    const old = await until(ask, ({ headers }) => Number(headers.age) > REFRESH);
    expect(old.status).toBe(200);
    expect(old.body.length).toBeGreaterThan(0);
  });
}
