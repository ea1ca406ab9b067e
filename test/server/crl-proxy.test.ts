// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { withComponent } from '../component.js';
import { createBigCrl } from '../pki/big-crl.js';
import { crlDistributionPoints } from '../pki/extensions.js';
import { createCrl, createLeaf, createRoot } from '../pki/pki.js';
import { CrlHost } from './crl-host.js';
import { type CrlProxy, get, startProxy } from './crl-proxy-scene.js';
import { FetchedPki } from './fetched-pki.js';
import { readAll, TestServer } from './test-server.js';
import { freePort } from '../free-port.js';
import { until } from '../until.js';

const run = promisify(execFile);
const CLIENTS = 40;

// An RSA key, for dirmngr.
const root = createRoot({ key: 'rsa-2048' });
const folder = mkdtempSync(join(tmpdir(), 'pkixd-proxy-'));
/** No chain needs its CRL. */
const configured = createRoot({ subject: 'Configured Root' });
writeFileSync(join(folder, 'root.pem'), root.pem);
writeFileSync(join(folder, 'configured.pem'), configured.pem);
let host: CrlHost;
let pki: FetchedPki;
/** Asks for newer CRLs seldom. */
let calm: CrlProxy;
/** Asks every second, and gives up five seconds after a nextUpdate. */
let eager: CrlProxy;

beforeAll(async () => {
  host = await CrlHost.start();
  await host.publish('/configured.crl', createCrl(configured).der);
  [calm, eager] = await Promise.all([
    start({}),
    start({ 'crl.refresh': '1s', 'crl.grace': '5s', 'crl.retry': '300ms', 'crl.maxRetry': '300ms' }),
  ]);
});
afterAll(async () => {
  await Promise.all([calm.server.stop(), eager.server.stop(), host.stop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await host.hold(false);
  pki = new FetchedPki(root, host);
});

const start = (settings: Readonly<Record<string, unknown>>): Promise<CrlProxy> => {
  const anchors = ['root.pem', 'configured.pem'].map((name) => join(folder, name));
  return startProxy(host, {
    trust: { anchors },
    'crl.sources': [{ certificate: anchors[1], url: host.url('/configured.crl') }],
    ...settings,
  });
};

/** A verified chain makes its URLs known. */
async function learn({ server }: CrlProxy): Promise<void> {
  expect(await server.talk(pki.verify('id=1'))).toMatch(/valid OK/);
}

const pathOf = (url: string): string => new URL(url).pathname;
const content = async (): Promise<Buffer> => host.content(pathOf(pki.caUrl));
/** How often the intermediate's CRL was asked for. */
const asked = async (): Promise<number> =>
  (await pki.requests(host)).filter(({ path }) => path === '/ca').length;

test('what a verified chain named is served from the store, byte for byte, without asking again', async () => {
  await pki.publish(host, 1);
  const before = await get(calm, pki.caUrl);
  expect(before.status).toBe(403);
  expect(before.body.toString()).toContain(pki.caUrl);
  expect(await asked()).toBe(0);
  await learn(calm);
  const { status, headers, body } = await get(calm, pki.caUrl);
  expect(status).toBe(200);
  expect(body.equals(await content())).toBe(true);
  expect(headers['content-type']).toBe('application/pkix-crl');
  expect(headers['cache-control']).toBe('max-age=3600');
  expect(headers.age).toMatch(/^\d+$/);
  expect(headers.via).toMatch(/^1\.1 pkixd-[0-9a-f]{12}$/);
  const etag = headers.etag ?? '';
  const unchanged = await get(calm, pki.caUrl, { 'if-none-match': etag });
  expect(unchanged).toMatchObject({ status: 304, headers: { etag } });
  expect(unchanged.body).toHaveLength(0);
  const since = await get(calm, pki.caUrl, { 'if-modified-since': headers['last-modified'] ?? '' });
  expect(since.status).toBe(304);
  const head = await get(calm, pki.caUrl, {}, 'HEAD');
  expect(head.headers['content-length']).toBe(String(body.length));
  expect(head.body).toHaveLength(0);
  expect(await asked()).toBe(1);
});

test('of a CRL that lies at several places each of them is known, and asked itself', async () => {
  await pki.publish(host, 1);
  await learn(calm);
  const mirror = host.url(`/mirror-of${pathOf(pki.caUrl)}`);
  await host.publish(pathOf(mirror), await content());
  const leaf = createLeaf(pki.intermediate, { extensions: [crlDistributionPoints(pki.caUrl, mirror)] });
  expect(await calm.server.talk(pki.verify('id=1', leaf))).toMatch(/valid OK/);
  const served = await until(
    () => get(calm, mirror),
    ({ status }) => status !== 403,
  );
  expect(served.status).toBe(200);
  expect(served.body.equals(await content())).toBe(true);
  expect((await host.requests()).filter(({ url }) => url === pathOf(mirror))).toHaveLength(1);
});

test('clients at once for a CRL that the configuration names cost one request', async () => {
  await host.hold(true);
  const all = Array.from({ length: 20 }, () => get(calm, host.url('/configured.crl')));
  await until(
    async () => (await calm.server.status()).workers[0]?.statistics?.waiting,
    (waiting) => waiting === 20,
  );
  await host.hold(false);
  const answers = await Promise.all(all);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await host.requests()).filter(({ url }) => url === '/configured.crl')).toHaveLength(1);
});

test('a newer CRL is served in time, and the bytes of superseded ones do not pile up', async () => {
  await pki.publish(host, 1);
  await learn(eager);
  const files = (): string[] =>
    readdirSync(join(eager.server.directory, 'data/crl-store')).filter((name) => name.endsWith('.der'));
  await until(files, (there) => there.length > 0);
  const before = files().length;
  await pki.publish(host, 2);
  const newer = await content();
  await until(
    async () => (await get(eager, pki.caUrl)).body.equals(newer),
    (isNewer) => isNewer,
  );
  await until(files, (there) => there.length === before);
});

test('while the source is down the CRL is served on, with its age; past the grace it is not', async () => {
  await pki.publish(host, 1, { nextUpdate: new Date(Date.now() + 15_000) });
  await learn(eager);
  await host.withdraw(pathOf(pki.caUrl));
  const stale = await until(
    () => get(eager, pki.caUrl),
    ({ headers }) => Number(headers.age) > 1,
  );
  expect(stale.status).toBe(200);
  expect(stale.headers['cache-control']).toBe('max-age=1');
  const gone = await until(
    () => get(eager, pki.caUrl),
    ({ status }) => status !== 200,
  );
  expect(gone.status).toBe(504);
  expect(gone.body.toString()).toMatch(/out of date or incomplete; .*404/);
});

test('tunnels, other methods, unknown URLs and a request that came through here before are refused', async () => {
  await pki.publish(host, 1);
  await learn(calm);
  const via = (await get(calm, pki.caUrl)).headers.via ?? '';
  expect((await get(calm, pki.caUrl, { via: `1.1 other, ${via}` })).status).toBe(508);
  expect((await get(calm, pki.caUrl, { via: '1.1 other' })).status).toBe(200);
  expect((await get(calm, host.url('/other.crl'))).status).toBe(403);
  expect(await get(calm, pki.caUrl, {}, 'DELETE')).toMatchObject({
    status: 405,
    headers: { allow: 'GET, HEAD, OPTIONS' },
  });
  const socket = net.connect(calm.port, '127.0.0.1');
  socket.end(`CONNECT 127.0.0.1:${host.port} HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(await readAll(socket)).toMatch(/^HTTP\/1.1 405 /);
  expect(await asked()).toBe(1);
});

test('a large CRL goes to many slow clients, and is not held for each of them', async () => {
  const times = { thisUpdate: new Date(Date.now() - 60_000), nextUpdate: new Date(Date.now() + 3_600_000) };
  await pki.publish(host, 1);
  await host.publish(
    pathOf(pki.caUrl),
    createBigCrl(pki.intermediate, { count: 200_000, number: 9, ...times }).der,
  );
  await learn(calm);
  const large = await content();
  const statistics = async () => (await calm.server.status()).workers[0]?.statistics;
  const before = await statistics();
  const sockets = Array.from({ length: CLIENTS }, () => {
    const socket = net.connect(calm.port, '127.0.0.1');
    socket.write(`GET ${pki.caUrl} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    return socket;
  });
  await until(
    async () => (await statistics())?.handledRequests ?? 0,
    (handled) => handled >= (before?.handledRequests ?? 0) + CLIENTS,
  );
  const growth = ((await statistics())?.anonymousRss ?? 0) - (before?.anonymousRss ?? 0);
  expect(growth).toBeLessThan((large.length * CLIENTS) / 3);
  const [first, second, ...others] = sockets;
  for (const socket of others) socket.destroy();
  for (const answer of await Promise.all([bodyOf(first!), bodyOf(second!)]))
    expect(answer.equals(large)).toBe(true);
});

test('a listener that comes with a reload serves what was stored before it, fetched once more, whole', async () => {
  const port = await freePort();
  const anchors = [join(folder, 'root.pem')];
  const server = await TestServer.startPatient({
    trust: { anchors },
    'crl.allow': [`127.0.0.1:${host.port}`],
  });
  const proxy = { server, port };
  await pki.publish(host, 1);
  await learn(proxy);
  const path = join(server.directory, 'pkixd.config.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as { listeners: unknown[] };
  config.listeners.push({ name: 'proxy', address: `tcp://127.0.0.1:${port}`, protocol: 'crl-proxy' });
  writeFileSync(path, JSON.stringify(config));
  await server.command({ command: 'reload' });
  const { status, body } = await get(proxy, pki.caUrl);
  expect(status).toBe(200);
  expect(body.equals(await content())).toBe(true);
  expect((await get(proxy, pki.caUrl)).status).toBe(200);
  expect(await asked()).toBe(2);
  await server.stop();
});

withComponent('curl')('curl takes it for a proxy', async () => {
  await pki.publish(host, 1);
  await learn(calm);
  const target = join(folder, 'a.crl');
  const etag = join(folder, 'etag');
  const proxy = ['--noproxy', '', '-x', `http://127.0.0.1:${calm.port}`];
  const options = ['-sS', ...proxy, '-o', target, '-w', '%{http_code}'];
  expect((await run('curl', [...options, '--etag-save', etag, pki.caUrl])).stdout).toBe('200');
  expect((await content()).equals(readFileSync(target))).toBe(true);
  expect((await run('curl', [...options, '--etag-compare', etag, pki.caUrl])).stdout).toBe('304');
});

withComponent('dirmngr')('dirmngr gets its CRLs through it', async () => {
  await pki.publish(host, 1);
  await learn(calm);
  await until(
    () => get(calm, pki.rootUrl),
    ({ status }) => status === 200,
  );
  const home = mkdtempSync(join(folder, 'dirmngr-'));
  const proxy = ['--http-proxy', `http://127.0.0.1:${calm.port}`];
  const dirmngr = spawn('dirmngr', ['--server', '--homedir', home, ...proxy], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = once(dirmngr, 'exit');
  dirmngr.stdin.write(`LOADCRL --url ${pki.rootUrl}\n`);
  const said: string[] = [];
  for await (const line of createInterface({ input: dirmngr.stdout })) {
    said.push(line);
    // It asks for the certificate of the CRL's issuer, and whether to trust it.
    if (line.startsWith('INQUIRE ISTRUSTED')) dirmngr.stdin.write('D 1\nEND\n');
    else if (line.startsWith('INQUIRE')) dirmngr.stdin.write(`${assuan(root.der)}END\n`);
    else if (line === 'OK' || line.startsWith('ERR')) break;
  }
  dirmngr.stdin.end();
  await exited;
  expect(said.at(-1)).toBe('OK');
  expect((await run('dirmngr', ['--homedir', home, '--list-crls'])).stdout).toMatch(
    /CN=Test Root\s[^]*CRL Number :\s01/,
  );
  expect((await pki.requests(host)).filter(({ path }) => path === '/root')).toHaveLength(1);
});

/** Data lines of dirmngr's protocol. */
function assuan(data: Uint8Array): string {
  const escaped = [...data].map((octet) => `%${octet.toString(16).padStart(2, '0')}`);
  const lines: string[] = [];
  for (let from = 0; from < escaped.length; from += 300)
    lines.push(`D ${escaped.slice(from, from + 300).join('')}\n`);
  return lines.join('');
}

/** What follows the head of an answer. */
async function bodyOf(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks);
  return answer.subarray(answer.indexOf('\r\n\r\n') + 4);
}
