// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { newKey } from '../pki/keys.js';
import { createCrl, createRoot, type Issued } from '../pki/pki.js';
import { type Answer, answerOf } from './answer.js';
import { CrlHost } from './crl-host.js';
import { FetchedPki } from './fetched-pki.js';
import { readAll, TestServer } from './test-server.js';
import { until } from '../until.js';

// What is waited for comes in seconds, on a machine with nothing else to do.

const root = createRoot();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-fetched-'));
writeFileSync(join(folder, 'root.pem'), root.pem);
let host: CrlHost;
let pki: FetchedPki;
/** Waits long for CRLs, and asks for newer ones seldom. */
let calm: TestServer;
/** Asks for newer ones every second, and again soon after failures. */
let eager: TestServer;

beforeAll(async () => {
  host = await CrlHost.start();
  const start = (settings: Readonly<Record<string, unknown>>): Promise<TestServer> =>
    TestServer.startPatient({
      trust: { anchors: [join(folder, 'root.pem')] },
      'crl.allow': [`127.0.0.1:${host.port}`],
      'crl.maxWait': '60s',
      'crl.stallTimeout': '60s',
      'crl.fetchTimeout': '60s',
      'workers.count': 2,
      ...settings,
    });
  const retries = { 'crl.retry': '500ms', 'crl.maxRetry': '500ms' };
  const seldom = { 'crl.retry': '1h', 'crl.maxRetry': '1h' };
  [calm, eager] = await Promise.all([start(seldom), start({ ...retries, 'crl.refresh': '1s' })]);
});
afterAll(async () => {
  await Promise.all([calm.stop(), eager.stop(), host.stop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await host.hold(false);
  pki = new FetchedPki(root, host);
});

const ask = async (server: TestServer, words = 'id=1', leaf: Issued = pki.leaf): Promise<Answer> =>
  answerOf(await server.talk(pki.verify(words, leaf)));

/** What the host was asked for of the intermediate's CRL; the root's is the same for all tests. */
const requests = async () => (await pki.requests(host)).filter(({ path }) => path === '/ca');

const headOf = async (server: TestServer): Promise<string> => (await ask(server)).head;

test('a chain is verified with no CRL given: the verdict names the CRLs, and a second request makes no connection', async () => {
  await pki.publish(host, 7);
  const { head, verdict } = await ask(calm);
  expect(head).toBe('valid OK');
  expect(verdict.revocation).toMatchObject([
    { state: 'good', source: pki.caUrl, number: '7' },
    { state: 'good', source: pki.rootUrl, number: '7' },
  ]);
  expect(verdict.revocation.every(({ nextUpdate }) => nextUpdate !== null)).toBe(true);
  expect(await pki.requests(host)).toHaveLength(2);
  for (let n = 0; n < 4; n++) expect((await ask(calm, `id=${n}`)).head).toBe('valid OK');
  // Nor does another leaf, whose verdict is not cached.
  expect((await ask(calm, 'id=other', pki.newLeaf())).head).toBe('valid OK');
  expect(await pki.requests(host)).toHaveLength(2);
});

test('two hundred requests at once over all workers for an unknown CRL: one GET', async () => {
  await pki.publish(host, 1);
  await host.hold(true);
  const leaves = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? pki.leaf : pki.newLeaf()));
  const answers = leaves.map(async (leaf, n) => ask(calm, `id=${n}`, leaf));
  const waiting = async (): Promise<readonly number[]> =>
    (await calm.status()).workers.map(({ statistics }) => statistics?.waiting ?? 0);
  await until(
    waiting,
    (counts) => counts.every((count) => count > 0) && counts.reduce((a, b) => a + b) === 200,
  );
  await host.hold(false);
  for (const { head } of await Promise.all(answers)) expect(head).toBe('valid OK');
  expect(await requests()).toHaveLength(1);
});

test('after revocation and a refresh every worker answers REVOKED, on connections old and new', async () => {
  await pki.publish(host, 1);
  const sockets = Array.from({ length: 6 }, () => eager.connect());
  const answers = sockets.map((socket) => readAll(socket));
  expect(await headOf(eager)).toBe('valid OK');
  await pki.publish(host, 2, { revoked: [{ serial: pki.leaf.serial }] });
  await until(
    async () => Promise.all(Array.from({ length: 6 }, () => headOf(eager))),
    (heads) => heads.every((head) => head === 'invalid REVOKED'),
  );
  for (const socket of sockets) socket.end(pki.verify('id=last'));
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^last invalid REVOKED/);
});

test('a CRL in use is asked for again and again, with its validators', async () => {
  await pki.publish(host, 1);
  expect(await headOf(eager)).toBe('valid OK');
  const seen = await until(requests, ({ length }) => length >= 4);
  expect(seen.slice(1).every(({ conditional }) => conditional)).toBe(true);
});

test('a server that is down is named with the reason; once it is back the CRL is fetched', async () => {
  const other = await CrlHost.start();
  const { port } = other;
  const elsewhere = new FetchedPki(root, other);
  await other.stop();
  const server = await TestServer.startPatient({
    trust: { anchors: [join(folder, 'root.pem')] },
    'crl.allow': [`127.0.0.1:${port}`],
    'crl.retry': '500ms',
    'crl.maxRetry': '500ms',
  });
  const answer = async (): Promise<Answer> => answerOf(await server.talk(elsewhere.verify('id=1')));
  try {
    const { head, verdict } = await answer();
    expect(head).toBe('indeterminate FETCH_FAILED');
    expect(verdict.message).toContain(elsewhere.caUrl);
    expect(verdict.message).toMatch(/ECONNREFUSED/);
    const back = await CrlHost.start(port);
    await elsewhere.publish(back, 1);
    await until(answer, (found) => found.head === 'valid OK');
    await back.stop();
  } finally {
    await server.stop();
  }
});

test('a CRL that another key signed is not taken, and the verdict says so', async () => {
  await pki.publish(host, 1);
  const forged = createCrl({ ...pki.intermediate, key: newKey('p-256') }).der;
  await host.publish(new URL(pki.caUrl).pathname, forged);
  const { head, verdict } = await ask(calm);
  expect(head).toBe('indeterminate CRL_BAD_SIGNATURE');
  expect(verdict.message).toContain(pki.caUrl);
  // Nor is it fetched again at once.
  expect((await ask(calm, 'id=2')).head).toBe('indeterminate CRL_BAD_SIGNATURE');
  expect(await requests()).toHaveLength(1);
});

test('an address that is not allowed is not asked', async () => {
  await pki.publish(host, 1);
  const url = pki.caUrl.replace('127.0.0.1', '127.0.0.2');
  const { head, verdict } = await ask(calm, 'id=1', pki.newLeaf(url));
  expect(head).toBe('indeterminate FETCH_REFUSED');
  expect(verdict.message).toContain(url);
  expect(await requests()).toEqual([]);
});

test('mode soft asks too, and forgives that nothing came', async () => {
  const { head, verdict } = await ask(calm, 'id=1 revocation=soft');
  expect(head).toBe('valid OK_SOFT');
  expect(verdict.message).toContain(pki.caUrl);
  expect(await requests()).toHaveLength(1);
});

test('neither a past instant nor anchors of the request, nor a path that fails otherwise, make it fetch', async () => {
  await pki.publish(host, 1);
  const past = new Date(Date.now() - 5000).toISOString();
  expect((await ask(calm, `id=1 at=${past}`)).head).toBe('indeterminate CRL_NONE');
  const withAnchors = pki.verify('id=2').replace(/\.\n$/, `anchors:\n${root.pem}.\n`);
  expect(answerOf(await calm.talk(withAnchors)).head).toBe('indeterminate CRL_NONE');
  expect((await ask(calm, 'id=3 host=other.example')).head).toBe('invalid PEER_NAME');
  expect(await requests()).toEqual([]);
});

test('a server that answers too late costs the request only its wait, and the next finds the CRL', async () => {
  await pki.publish(host, 1);
  await host.hold(true);
  const server = await TestServer.startPatient({
    trust: { anchors: [join(folder, 'root.pem')] },
    'crl.allow': [`127.0.0.1:${host.port}`],
    'crl.maxWait': '300ms',
    'crl.stallTimeout': '60s',
    'crl.fetchTimeout': '60s',
  });
  try {
    const { head, verdict } = await ask(server);
    expect(head).toBe('indeterminate FETCH_FAILED');
    expect(verdict.message).toContain('crl.maxWait');
    await host.hold(false);
    await until(
      () => headOf(server),
      (found) => found === 'valid OK',
    );
  } finally {
    await server.stop();
  }
});
