// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createCrl, createRoot } from '../pki/pki.js';
import { CrlHost } from './crl-host.js';
import { type CrlProxy, get, startProxy } from './crl-proxy-scene.js';
import { FetchedPki } from './fetched-pki.js';
import { readAll } from './test-server.js';
import { freePort } from '../free-port.js';
import { until } from '../until.js';

const root = createRoot();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-hostile-'));
const anchors = [join(folder, 'root.pem')];
writeFileSync(anchors[0]!, root.pem);
let host: CrlHost;
let pki: FetchedPki;
/** Asks for newer CRLs every second. */
let proxy: CrlProxy;
/** Is in a hurry with its clients. */
let hasty: CrlProxy;

beforeAll(async () => {
  host = await CrlHost.start();
  [proxy, hasty] = await Promise.all([
    startProxy(host, {
      trust: { anchors },
      'crl.refresh': '1s',
      'crl.grace': '0s',
      'crl.retry': '300ms',
      'crl.maxRetry': '300ms',
      'probe.interval': '100ms',
    }),
    startProxy(host, {
      trust: { anchors },
      'connection.firstByteTimeout': '300ms',
      'connection.requestTimeout': '600ms',
    }),
  ]);
});
afterAll(async () => {
  await Promise.all([proxy.server.stop(), hasty.server.stop(), host.stop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await host.hold(false);
  pki = new FetchedPki(root, host);
});

const learn = async ({ server }: CrlProxy): Promise<void> => {
  expect(await server.talk(pki.verify('id=1'))).toMatch(/valid OK/);
};

/** Sends these, one after the other, and returns all that comes until the server closes. */
async function send({ port }: CrlProxy, ...pieces: readonly string[]): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  const answer = readAll(socket);
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
  return answer;
}

/** The answer of the hasty one; once more where the first byte came too late for any. */
const told = (ask: () => Promise<string>): Promise<string> => until(ask, (answer) => answer !== '');

const ask = (url: string, ...fields: readonly string[]): string =>
  [`GET ${url} HTTP/1.1`, 'Host: x', ...fields, '\r\n'].join('\r\n');

test('a head without end, or far too large, gets an answer and costs no more', async () => {
  const endless = 'GET http://a/ HTTP/1.1\r\nHost: ';
  expect(await told(() => send(hasty, endless))).toMatch(/^HTTP\/1.1 408 [^]*Connection: close/);
  const large = `GET http://a/ HTTP/1.1\r\nX: ${'x'.repeat(1_000_000)}`;
  expect(await send(proxy, large)).toMatch(/^HTTP\/1.1 431 /);
  expect(await send(hasty, '')).toBe('');
});

test('a request of which a byte comes now and then is given up in time', async () => {
  const dripping = async (): Promise<string> => {
    const socket = net.connect(hasty.port, '127.0.0.1');
    const drip = setInterval(() => socket.write('x'), 50);
    return readAll(socket).finally(() => clearInterval(drip));
  };
  expect(await told(dripping)).toMatch(/^HTTP\/1.1 408 /);
});

test('half a request, then the end', async () => {
  const socket = net.connect(proxy.port, '127.0.0.1');
  socket.end('GET http://a/ HT');
  expect(await readAll(socket)).toMatch(/^HTTP\/1.1 400 [^]*within a request/);
});

test('many requests on one connection are answered in their order, and what follows a wrong one is not read', async () => {
  await pki.publish(host, 1);
  await learn(proxy);
  const count = 300;
  const all = await send(
    proxy,
    ask(pki.caUrl).repeat(count),
    ask(pki.caUrl, 'Content-Length: 5'),
    ask(pki.rootUrl),
  );
  const statuses = [...all.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
  expect(statuses).toEqual([...Array.from({ length: count }, () => '200'), '400']);
});

test('no server is asked for a URL that no chain named, however it is written', async () => {
  await pki.publish(host, 1);
  await learn(proxy);
  const before = (await host.requests()).length;
  const { origin, pathname, port } = new URL(pki.caUrl);
  for (const url of [
    `${origin}/secret`,
    `${pki.caUrl}?a`,
    `${pki.caUrl}/`,
    `${origin}${pathname.replace('ca', '%63a')}`,
    `http://localhost:${port}${pathname}`,
    `http://2130706433:${port}/x`,
    `http://169.254.169.254/latest/meta-data`,
    `http://[::1]:${port}${pathname}`,
  ])
    expect(await get(proxy, url)).toMatchObject({ status: 403 });
  // The same in the end, and served as what it is.
  for (const url of [
    pki.caUrl.toUpperCase().replace(pathname.toUpperCase(), pathname),
    `${origin}/x/..${pathname}`,
  ])
    expect(await get(proxy, url)).toMatchObject({ status: 200 });
  const later = (await host.requests()).slice(before);
  // CRLs of earlier tests are kept fresh meanwhile.
  expect(later.filter(({ url }) => !/^\/(?:ca|root)-\d+\.crl$/.test(url))).toEqual([]);
});

test('wrong content at the source is not served; the old CRL is, until its end', async () => {
  // A whole second, as the CRL states it: the comparison with the clock below is then exact.
  const nextUpdate = new Date(Math.ceil(Date.now() / 1000) * 1000 + 20_000);
  await pki.publish(host, 2, { nextUpdate });
  await learn(proxy);
  const { pathname } = new URL(pki.caUrl);
  const good = await host.content(pathname);
  const older = createCrl(pki.intermediate, { thisUpdate: new Date(Date.now() - 7_200_000) }).der;
  const wrong = [
    Buffer.from('<html>'),
    createCrl(createRoot({ subject: 'Other' })).der,
    createCrl(pki.intermediate, { breakSignature: true }).der,
    older,
  ];
  for (const content of wrong) {
    await host.publish(pathname, content);
    const asked = (await host.requests()).length;
    const served = await until(
      () => get(proxy, pki.caUrl, { 'cache-control': 'no-cache' }),
      ({ status, headers }) => status !== 200 || Number(headers.age) >= 1,
    );
    if (Date.now() >= nextUpdate.getTime()) break;
    expect(served.status).toBe(200);
    expect(served.body.equals(good)).toBe(true);
    await until(
      async () => (await host.requests()).length > asked || (await get(proxy, pki.caUrl)).status !== 200,
      (isAsked) => isAsked,
    );
  }
  const gone = await until(
    () => get(proxy, pki.caUrl),
    ({ status }) => status !== 200,
  );
  expect(gone.status).toBe(504);
});

test('clients that want the source asked again, all the time, have it asked no oftener than it may be', async () => {
  const calm = await startProxy(host, { trust: { anchors } });
  await pki.publish(host, 1);
  await learn(calm);
  const { pathname } = new URL(pki.caUrl);
  for (let round = 0; round < 10; round++) {
    const fields = { 'cache-control': 'no-cache', pragma: 'no-cache' };
    const all = Array.from({ length: 10 }, () => get(calm, pki.caUrl, fields));
    for (const { status } of await Promise.all(all)) expect(status).toBe(200);
  }
  expect((await host.requests()).filter(({ url }) => url === pathname)).toHaveLength(1);
  await calm.server.stop();
});

test('two of them that have each other as proxy find it out, and so does one that has itself', async () => {
  const [first, second] = [await freePort(), await freePort()];
  const settings = {
    trust: { anchors },
    'crl.sources': [{ certificate: anchors[0], url: host.url('/looped.crl') }],
  };
  const [a, b, own] = await Promise.all([
    startProxy(host, { ...settings, 'crl.proxy': `http://127.0.0.1:${second}` }, first),
    startProxy(host, { ...settings, 'crl.proxy': `http://127.0.0.1:${first}` }, second),
    freePort().then((port) =>
      startProxy(host, { ...settings, 'crl.proxy': `http://127.0.0.1:${port}` }, port),
    ),
  ]);
  for (const each of [a, own]) {
    const { status, body } = await get(each, host.url('/looped.crl'));
    expect(status).toBe(504);
    expect(body.toString()).toMatch(/the server answered 50[48]/);
  }
  expect((await host.requests()).filter(({ url }) => url === '/looped.crl')).toHaveLength(0);
  await Promise.all([a.server.stop(), b.server.stop(), own.server.stop()]);
});

test('a listener at its limits answers 503 and when to come again; the probe is answered in its own protocol', async () => {
  const { listeners } = await until(
    () => proxy.server.status(),
    (status) => status.listeners.every(({ probe }) => probe?.failure === null),
  );
  expect(listeners.map(({ protocol }) => protocol)).toContain('crl-proxy');
  const full = await startProxy(host, {
    trust: { anchors },
    'connection.max': 1,
    'pending.max': 0,
    'pending.maxWait': '1s',
  });
  const taking = net.connect(full.port, '127.0.0.1');
  await once(taking, 'connect');
  await until(
    async () => (await full.server.status()).workers[0]?.statistics?.openConnections,
    (open) => open === 1,
  );
  const { status, headers } = await get(full, pki.caUrl);
  expect({ status, connection: headers.connection }).toEqual({ status: 503, connection: 'close' });
  expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
  taking.destroy();
  await full.server.stop();
});

test('clients of the proxy that wait for a slow source leave room for requests for verdicts', async () => {
  const crowded = await startProxy(host, {
    trust: { anchors },
    'crl.maxWaiting': 8,
    'crl.sources': [{ certificate: anchors[0], url: host.url('/slow-root.crl') }],
  });
  await host.publish('/slow-root.crl', createCrl(root).der);
  await pki.publish(host, 1);
  await host.hold(true);
  const waiting = (): Promise<number | undefined> =>
    crowded.server.status().then(({ workers }) => workers[0]?.statistics?.waiting);
  const all = Array.from({ length: 12 }, () => get(crowded, host.url('/slow-root.crl')));
  const early = await Promise.all(
    all.map((each) => Promise.race([each, until(waiting, (now) => now === 2)])),
  );
  expect(early.some((each) => typeof each === 'object' && each.status === 504)).toBe(true);
  const verdict = crowded.server.talk(pki.verify('id=1'));
  await until(waiting, (now) => now === 3);
  await host.hold(false);
  expect(await verdict).toMatch(/valid OK/);
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(2);
  expect(statuses.filter((status) => status === 504)).toHaveLength(10);
  await crowded.server.stop();
});

test('stopped while a client waits for its CRL, the server answers it, and says that it closes', async () => {
  const stopping = await startProxy(host, {
    trust: { anchors },
    'crl.sources': [{ certificate: anchors[0], url: host.url('/slow.crl') }],
  });
  const { der } = createCrl(root);
  await host.publish('/slow.crl', der);
  await host.hold(true);
  const answer = get(stopping, host.url('/slow.crl'), { connection: 'keep-alive' });
  await until(
    async () => (await stopping.server.status()).workers[0]?.statistics?.waiting,
    (waiting) => waiting === 1,
  );
  stopping.server.process.kill('SIGTERM');
  await until(
    () => stopping.server.log,
    (log) => /drain|stopping/i.test(log),
  );
  await host.hold(false);
  const { status, headers, body } = await answer;
  expect({ status, connection: headers.connection }).toEqual({ status: 200, connection: 'close' });
  expect(body.equals(der)).toBe(true);
  expect(await stopping.server.exited).toBe('0');
  await stopping.server.stop();
});
