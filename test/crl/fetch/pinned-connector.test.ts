import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { FetchOutcome } from '../../../src/crl/fetch/crl-fetcher.js';
import { fetcherOptions } from '../../../src/crl/fetch/fetcher-options.js';
import { isSamePlace } from '../../../src/crl/fetch/pinned-connector.js';
import { loadConfig } from '../../../src/config/load.js';
import { createCrl, createLeaf, createRoot } from '../../pki/pki.js';
import { CrlServer } from './crl-server.js';
import { DnsServer } from './dns-server.js';
import { closeFetchers, fetcherWith, fetchWith } from './fetch-scene.js';

const root = createRoot();
const crl = createCrl(root).der;
/** Allowed; and one at another address and the same port, that is not. */
let server: CrlServer;
let inner: CrlServer;
let dns: DnsServer | undefined;

beforeAll(async () => {
  server = await CrlServer.start({ crl });
  inner = await CrlServer.start({ crl, host: '127.0.0.2', port: server.port });
});
afterAll(() => Promise.all([server.stop(), inner.stop()]));
afterEach(async () => {
  await closeFetchers();
  dns?.stop();
  dns = undefined;
  // Whatever a test was about: what is not allowed was never spoken to.
  expect(await inner.requests()).toEqual([]);
});

const allowed = () => ({ 'crl.allow': [`127.0.0.1:${server.port}`] });

async function resolvingTo(
  answers: (name: string, count: number) => readonly string[],
  flags: Readonly<Record<string, unknown>> = allowed(),
) {
  dns?.stop();
  dns = await DnsServer.start(answers);
  return fetcherWith(flags, { resolve: dns.resolve });
}

function expectRefused(outcome: FetchOutcome, why: RegExp): void {
  expect(outcome).toMatchObject({ kind: 'failed', code: 'FETCH_REFUSED', fault: 'refused' });
  expect(outcome).toHaveProperty('message', expect.stringMatching(why));
}

test('without crl.allow nothing on loopback is fetched, at whatever port', async () => {
  await server.requests();
  expectRefused(await fetchWith(fetcherWith(), server.url('/good.crl')), /port \d+ is neither 80 nor 443/);
  expectRefused(await fetchWith(fetcherWith(), 'http://127.0.0.1/'), /127\.0\.0\.1 is a loopback address/);
  expect(await server.requests()).toEqual([]);
});

test.each([
  ['http://10.0.0.1/', /10\.0\.0\.1 is a private address/],
  ['http://169.254.169.254/latest/meta-data', /metadata service/],
  ['https://192.168.1.1/', /private address/],
  ['http://100.64.0.1/', /carrier's NAT/],
  ['http://224.0.0.1/', /multicast/],
  ['http://0.0.0.0/', /unspecified/],
  ['http://192.0.2.1/', /documentation/],
  ['http://198.18.0.1/', /benchmarks/],
  ['http://240.0.0.1/', /reserved/],
  ['http://2130706433/', /127\.0\.0\.1 is a loopback/],
  ['http://0x7f.1/', /127\.0\.0\.1 is a loopback/],
  ['http://0177.0.0.1/', /127\.0\.0\.1 is a loopback/],
  ['http://[::1]/', /::1 is a loopback/],
  ['http://[::]/', /unspecified/],
  ['http://[::ffff:127.0.0.1]/', /::ffff:7f00:1 is a loopback/],
  ['http://[::127.0.0.1]/', /that is 127\.0\.0\.1, is a loopback/],
  ['http://[64:ff9b::7f00:1]/', /that is 127\.0\.0\.1, is a loopback/],
  ['http://[64:ff9b:1::7f00:1]/', /own NAT64/],
  ['http://[2002:7f00:1::]/', /that is 127\.0\.0\.1, is a loopback/],
  ['http://[2001:0:7f00:1::]/', /that is 127\.0\.0\.1, is a loopback/],
  ['http://[fd00::1]/', /private/],
  ['http://[fe80::1]/', /link-local/],
  ['http://localhost/', /loopback/],
  ['http://user:pass@crl.example/', /user name or password/],
  ['http://crl.example:22/', /port 22 is neither 80 nor 443/],
])('%s is refused', async (url, why) => {
  expectRefused(await fetchWith(fetcherWith(), url), why);
});

describe('names', () => {
  test.each([
    ['10.0.0.1', /10\.0\.0\.1 is a private address/],
    ['169.254.169.254', /metadata/],
    ['127.0.0.1', /loopback/],
  ])('that resolve to %s are refused', async (address, why) => {
    const fetcher = await resolvingTo(() => [address]);
    expectRefused(await fetchWith(fetcher, 'http://crl.example/a.crl'), why);
  });

  test('with one bad address among good ones are refused', async () => {
    const fetcher = await resolvingTo(() => ['127.0.0.1', '127.0.0.2']);
    expectRefused(await fetchWith(fetcher, server.url('/good.crl', 'crl.example')), /127\.0\.0\.2/);
  });

  test('are resolved once for a connection, and what they change to later is judged anew (DNS rebinding)', async () => {
    const oneConnection = { ...allowed(), 'crl.maxParallelPerHost': '1' };
    const fetcher = await resolvingTo((_, count) => [count === 1 ? '127.0.0.1' : '127.0.0.2'], oneConnection);
    const url = server.url('/good.crl', 'rebind.example');
    expect(await fetchWith(fetcher, url)).toMatchObject({ kind: 'fetched' });
    expect(dns?.queries).toEqual(['rebind.example']);
    // On the same connection, to the address that was checked.
    expect(await fetchWith(fetcher, url)).toMatchObject({ kind: 'fetched' });
    expect(dns?.queries).toEqual(['rebind.example']);
    await fetchWith(fetcher, server.url('/reset', 'rebind.example'));
    expectRefused(await fetchWith(fetcher, url), /127\.0\.0\.2 is a loopback address/);
  });

  test('of several addresses are served by the next one when the first is dead', async () => {
    const flags = { 'crl.allow': [`127.0.0.0/8:${server.port}`] };
    const fetcher = await resolvingTo(() => ['127.0.0.3', '127.0.0.1'], flags);
    expect(await fetchWith(fetcher, server.url('/good.crl', 'crl.example'))).toMatchObject({
      kind: 'fetched',
    });
    const dead = await resolvingTo(() => ['127.0.0.3', '127.0.0.4'], flags);
    expect(await fetchWith(dead, server.url('/good.crl', 'crl.example'))).toMatchObject({
      fault: 'connection',
      message: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.3.*; .*ECONNREFUSED 127\.0\.0\.4/),
    });
  });

  test('that do not resolve are a failure that says so', async () => {
    const fetcher = await resolvingTo(() => []);
    expect(await fetchWith(fetcher, 'http://nowhere.example/')).toMatchObject({
      fault: 'connection',
      message: expect.stringMatching(/nowhere\.example cannot be resolved/),
    });
  });

  test('whose servers never answer the resolver cost no more than the limit', async () => {
    const fetcher = fetcherWith(
      { 'crl.connectTimeout': '100ms', 'crl.stallTimeout': '200ms', 'crl.fetchTimeout': '300ms' },
      { resolve: () => new Promise(() => undefined) },
    );
    expect(await fetchWith(fetcher, 'http://crl.example/')).toMatchObject({ fault: 'timeout' });
  });
});

describe('redirects', () => {
  const redirect = async (target: string) => {
    const fetcher = await resolvingTo((name) => [name === 'inner.example' ? '127.0.0.2' : '127.0.0.1']);
    return fetchWith(fetcher, server.url(`/to?url=${encodeURIComponent(target)}`));
  };

  test.each([
    ['http://10.0.0.1/', /redirected to http:\/\/10\.0\.0\.1\/: 10\.0\.0\.1 is a private address/],
    ['http://169.254.169.254/latest', /redirected to .*metadata/],
    ['http://127.0.0.1:22/', /port 22/],
    ['http://0x7f000001/', /redirected to http:\/\/127\.0\.0\.1\/: .*loopback/],
    ['//user@127.0.0.1/', /user name or password/],
    ['https://localhost/', /loopback/],
  ])('to %s are refused', async (target, why) => {
    expectRefused(await redirect(target), why);
  });

  test('to a server of an address that is not allowed never reach it', async () => {
    expectRefused(await redirect(inner.url('/good.crl', '127.0.0.2')), /127\.0\.0\.2/);
    expectRefused(await redirect(inner.url('/good.crl', 'inner.example')), /127\.0\.0\.2/);
  });

  test('to another scheme are not followed', async () => {
    expect(await redirect('file:///etc/passwd')).toMatchObject({ fault: 'unsupported' });
    expect(await redirect('ldap://127.0.0.1/')).toMatchObject({ fault: 'unsupported' });
  });
});

test('a socket must be where it was to be', () => {
  expect(isSamePlace('127.0.0.1', '127.0.0.1')).toBe(true);
  expect(isSamePlace('::ffff:127.0.0.1', '127.0.0.1')).toBe(true);
  expect(isSamePlace('::1', '0:0:0:0:0:0:0:1')).toBe(true);
  expect(isSamePlace('127.0.0.2', '127.0.0.1')).toBe(false);
  expect(isSamePlace(undefined, '127.0.0.1')).toBe(false);
});

/** Fetches one URL with the built product, says how it went, and closes nothing. */
const FETCHING_PROCESS = `
import { CrlFetcher } from './dist/crl/fetch/crl-fetcher.js';
import { fetcherOptions } from './dist/crl/fetch/fetcher-options.js';
import { loadConfig } from './dist/config/load.js';
const [url, allow] = process.argv.slice(1);
const config = loadConfig({ env: {}, flags: { 'crl.allow': [allow] }, cwd: '/' });
const fetcher = new CrlFetcher(fetcherOptions(config, {}));
const { kind } = await fetcher.fetch({ url, signal: new AbortController().signal });
process.stdout.write(kind);
`;

test('a process whose fetches are done ends by itself, its idle connections notwithstanding', async () => {
  const flags = ['--input-type=module', '-e', FETCHING_PROCESS];
  const child = spawn(process.execPath, [...flags, server.url('/good.crl'), `127.0.0.1:${server.port}`]);
  const [[said], exit] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
  expect(String(said)).toBe('fetched');
  expect(exit).toEqual([0, null]);
});

describe('https', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pkixd-fetch-'));
  const caFile = join(folder, 'roots.pem');
  const leaf = createLeaf(root, { dns: ['crl.example'], ip: [[127, 0, 0, 1]] });
  let secure: CrlServer;
  beforeAll(async () => {
    writeFileSync(caFile, root.pem);
    const key = leaf.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    secure = await CrlServer.start({ crl, tls: { key, cert: leaf.pem } });
  });
  afterAll(async () => {
    await secure.stop();
    rmSync(folder, { recursive: true });
  });

  const get = async (host: string, flags: Readonly<Record<string, unknown>> = { 'crl.caFile': caFile }) => {
    const all = { 'crl.allow': [`127.0.0.1:${secure.port}`], ...flags };
    return fetchWith(await resolvingTo(() => ['127.0.0.1'], all), `https://${host}:${secure.port}/good.crl`);
  };

  test('is checked against the name that was asked for, which the server is told', async () => {
    await secure.requests();
    expect(await get('crl.example')).toMatchObject({ kind: 'fetched', der: crl });
    expect(await get('crl.example.')).toMatchObject({ kind: 'fetched', der: crl });
    const names = (await secure.requests()).map(({ servername }) => servername);
    expect(names).toEqual(['crl.example', 'crl.example']);
    expect(await get('other.example')).toMatchObject({
      fault: 'connection',
      message: expect.stringMatching(/other\.example.* is not in the cert/),
    });
  });

  test('of a literal address is checked against that address, and no name is sent', async () => {
    await secure.requests();
    expect(await get('127.0.0.1')).toMatchObject({ kind: 'fetched', der: crl });
    expect((await secure.requests())[0]?.servername).toBe(false);
  });

  test("needs roots that vouch for the server: Node's own do not", async () => {
    expect(await get('crl.example', {})).toMatchObject({
      fault: 'connection',
      message: expect.stringMatching(/certificate/),
    });
  });

  test('with roots that cannot be read nothing is fetched', () => {
    const config = (file: string) => loadConfig({ env: {}, flags: { 'crl.caFile': file }, cwd: '/' });
    expect(() => fetcherOptions(config(join(folder, 'none.pem')), {})).toThrow(/crl\.caFile .*none\.pem/);
    expect(() => fetcherOptions(config('/etc/hostname'), {})).toThrow(
      /neither PEM .* nor DER of a certificate/,
    );
  });
});
