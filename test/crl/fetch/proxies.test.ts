// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { withComponent } from '../../component.js';
import { until } from '../../until.js';
import { createCrl, createLeaf, createRoot } from '../../pki/pki.js';
import { CachingProxy, PROXY_PROGRAMS, type ProxyProgram } from './caching-proxy.js';
import { CrlServer } from './crl-server.js';
import { closeFetchers, fetcherWith, fetchWith } from './fetch-scene.js';

const HOST = 'crl.corp.example';
const root = createRoot();
const crl = createCrl(root).der;
const folder = mkdtempSync(join(tmpdir(), 'pkixd-proxies-'));
let server: CrlServer;
let secure: CrlServer;
let proxy: CachingProxy | undefined;

beforeAll(async () => {
  const leaf = createLeaf(root, { dns: [HOST] });
  const key = leaf.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writeFileSync(join(folder, 'roots.pem'), root.pem);
  server = await CrlServer.start({ crl });
  secure = await CrlServer.start({ crl, tls: { key, cert: leaf.pem } });
});
afterAll(async () => {
  await Promise.all([server.stop(), secure.stop()]);
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await closeFetchers();
  await proxy?.stop();
  proxy = undefined;
  await server.requests();
});

async function through(program: ProxyProgram, flags: Readonly<Record<string, unknown>> = {}) {
  proxy = await CachingProxy.start(program, { hosts: [HOST], port: server.port });
  return fetcherWith({
    'crl.proxy': proxy.url,
    'crl.allow': [`127.0.0.1:${server.port}`, `${HOST}:${server.port}`, `${HOST}:${secure.port}`],
    ...flags,
  });
}

const VALIDATORS = { etag: '"version-1"', lastModified: 'Mon, 02 Mar 2026 10:00:00 GMT' };

for (const program of PROXY_PROGRAMS) {
  const testWith = withComponent(program);

  testWith(`${program} fetches a CRL once and gives it from its cache`, async () => {
    const fetcher = await through(program);
    const url = server.url('/good.crl');
    for (let time = 0; time < 3; time++) {
      expect(await fetchWith(fetcher, url)).toMatchObject({ kind: 'fetched', der: crl, url });
    }
    expect(await fetchWith(fetcher, url, { validators: VALIDATORS })).toMatchObject({ kind: 'notModified' });
    expect(await server.requests()).toHaveLength(1);
  });

  testWith(`${program} asks the server again when the fetch wants to be sure`, async () => {
    const fetcher = await through(program);
    const url = server.url('/good.crl');
    await fetchWith(fetcher, url);
    expect(await fetchWith(fetcher, url, { revalidate: true })).toMatchObject({ kind: 'fetched', der: crl });
    expect(await server.requests()).toHaveLength(2);
  });

  testWith(`what ${program} has kept for a while comes with its age`, async () => {
    const fetcher = await through(program);
    const url = server.url('/aged');
    expect(await fetchWith(fetcher, url)).toMatchObject({ kind: 'fetched', age: expect.any(Number) });
    const { age } = (await fetchWith(fetcher, url)) as { age: number };
    expect(age).toBeGreaterThanOrEqual(90_000);
    expect(age).toBeLessThan(90_000 + 60_000);
    expect(await server.requests()).toHaveLength(1);
  });

  testWith(`through ${program} faults are told as they are`, async () => {
    const fetcher = await through(program, { 'crl.maxSize': '1MiB' });
    expect(await fetchWith(fetcher, server.url('/404'))).toMatchObject({ fault: 'status' });
    expect(await fetchWith(fetcher, server.url('/busy'))).toMatchObject({ retryAfter: 120_000 });
    expect(await fetchWith(fetcher, server.url('/hundred-megabytes'))).toMatchObject({ fault: 'tooLarge' });
    expect(await fetchWith(fetcher, server.url('/truncated'))).toMatchObject({ kind: 'failed' });
    expect(await fetchWith(fetcher, server.url('/hops/2'))).toMatchObject({ kind: 'fetched' });
  });

  testWith(`${program} gets no literal address that the policy refuses`, async () => {
    const fetcher = await through(program, { 'crl.allow': [] });
    expect(await fetchWith(fetcher, 'http://10.0.0.1/')).toMatchObject({ fault: 'refused' });
    expect(await fetchWith(fetcher, 'http://0x7f.1/')).toMatchObject({ fault: 'refused' });
    expect(await fetchWith(fetcher, 'http://localhost/')).toMatchObject({ fault: 'refused' });
    expect(await fetchWith(fetcher, server.url('/good.crl', HOST))).toMatchObject({ fault: 'refused' });
    expect(await server.requests()).toEqual([]);
  });
}

withComponent('varnishd')(
  'a CRL that Varnish serves in its grace says how old it is, and is newer after',
  async () => {
    const fetcher = await through('varnishd');
    const url = server.url('/brief');
    const ageOf = async () => ((await fetchWith(fetcher, url)) as { age?: number }).age ?? 0;
    await ageOf();
    // Past the second for which it is fresh, Varnish gives it once more and fetches it meanwhile.
    await delay(2500);
    expect(await ageOf()).toBeGreaterThanOrEqual(2000);
    await until(ageOf, (age) => age < 2000);
    expect((await server.requests()).length).toBeGreaterThan(1);
  },
);

const testWithSquid = withComponent('squid');

testWithSquid('names that only the proxy can resolve are left to it', async () => {
  const fetcher = await through('squid');
  expect(await fetchWith(fetcher, server.url('/good.crl', HOST))).toMatchObject({ kind: 'fetched' });
});

testWithSquid('redirects are judged before the proxy is asked for them', async () => {
  const fetcher = await through('squid');
  const to = (target: string) => server.url(`/to?url=${encodeURIComponent(target)}`);
  expect(await fetchWith(fetcher, to('http://169.254.169.254/'))).toMatchObject({ fault: 'refused' });
  expect(await fetchWith(fetcher, to('http://other.example:22/'))).toMatchObject({ fault: 'refused' });
});

testWithSquid('https goes through a tunnel, and the server behind it is checked', async () => {
  const url = `https://${HOST}:${secure.port}/good.crl`;
  const fetcher = await through('squid', { 'crl.caFile': join(folder, 'roots.pem') });
  expect(await fetchWith(fetcher, url)).toMatchObject({ kind: 'fetched', der: crl });
  const trustless = fetcherWith({ 'crl.proxy': proxy?.url, 'crl.allow': [`${HOST}:${secure.port}`] });
  expect(await fetchWith(trustless, url)).toMatchObject({
    fault: 'connection',
    message: expect.stringMatching(/certificate/),
  });
});

testWithSquid('the environment names the proxy, and who is asked without it', async () => {
  proxy = await CachingProxy.start('squid', { hosts: [HOST], port: server.port });
  const allow = [`${HOST}:${server.port}`, `127.0.0.1:${server.port}`];
  const byEnvironment = fetcherWith({ 'crl.allow': allow }, { env: { http_proxy: proxy.url } });
  expect(await fetchWith(byEnvironment, server.url('/good.crl', HOST))).toMatchObject({ kind: 'fetched' });
  const exempt = fetcherWith(
    { 'crl.allow': allow },
    { env: { http_proxy: proxy.url, no_proxy: '127.0.0.0/8' } },
  );
  expect(await fetchWith(exempt, server.url('/good.crl'))).toMatchObject({ kind: 'fetched' });
  const [proxied, direct] = await server.requests();
  expect(proxied?.headers).toHaveProperty('via');
  expect(direct?.headers).not.toHaveProperty('via');
});

testWithSquid('a proxy that is gone is a failure that names it', async () => {
  const fetcher = await through('squid');
  await proxy?.stop();
  const gone = proxy?.url.slice('http://'.length);
  proxy = undefined;
  expect(await fetchWith(fetcher, server.url('/good.crl'))).toMatchObject({
    fault: 'connection',
    message: expect.stringContaining(`ECONNREFUSED ${gone}`),
  });
});
