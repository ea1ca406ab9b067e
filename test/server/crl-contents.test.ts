// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { CrlServer } from '../crl/fetch/crl-server.js';
import { createBigCrl } from '../pki/big-crl.js';
import { deltaCrlIndicator } from '../pki/crl-extensions.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import { createCrl, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { type Answer, answerOf } from './answer.js';
import { CrlHost } from './crl-host.js';
import { FetchedPki } from './fetched-pki.js';
import { pinging } from './pinging.js';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

// A whole server before CRLs that come, and are wrong, old or large.

const root = createRoot();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-contents-'));
writeFileSync(join(folder, 'root.pem'), root.pem);
let host: CrlHost;
/** It has one worker, so that other clients share its event loop. */
let server: TestServer;
let pki: FetchedPki;

beforeAll(async () => {
  host = await CrlHost.start();
  server = await startServer(host.port, {});
});
afterAll(async () => {
  await Promise.all([server.stop(), host.stop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  pki = new FetchedPki(root, host);
  await pki.publish(host, 1);
});

const startServer = (port: number, settings: Readonly<Record<string, unknown>>): Promise<TestServer> =>
  TestServer.startPatient({
    trust: { anchors: [join(folder, 'root.pem')] },
    'crl.allow': [`127.0.0.1:${host.port}`, `127.0.0.1:${port}`],
    'crl.maxWait': '60s',
    'crl.retry': '500ms',
    'crl.maxRetry': '500ms',
    'crl.refresh': '1s',
    'workers.count': 1,
    ...settings,
  });

const HOUR = 3_600_000;
const hours = (count: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + count * HOUR);

const ask = async (leaf: Issued, of = server): Promise<Answer> =>
  answerOf(await of.talk(pki.verify('id=1', leaf)));
const publish = (crl: { readonly der: Buffer }): Promise<void> =>
  host.publish(new URL(pki.caUrl).pathname, crl.der);

const NUMBER = ext.crlNumber(1);
const STRANGE = ext.extension('1.2.3.4', der.octetString(Buffer.of(0)), true);

test.each([
  [
    'of another issuer',
    'CRL_SCOPE',
    /the CRL is of CN=Somebody/,
    () => createCrl(createRoot({ subject: 'Somebody' })),
  ],
  [
    'signed by another key',
    'CRL_BAD_SIGNATURE',
    /signature/,
    () => createCrl({ ...pki.intermediate, key: newKey('p-256') }),
  ],
  [
    'changed on its way',
    'CRL_BAD_SIGNATURE',
    /signature/,
    () => createCrl(pki.intermediate, { breakSignature: true }),
  ],
  [
    'of the future',
    'CRL_NOT_YET_VALID',
    /which is yet to come/,
    () => createCrl(pki.intermediate, { thisUpdate: hours(1), nextUpdate: hours(2) }),
  ],
  [
    'past its time',
    'CRL_STALE',
    /was due for renewal/,
    () => createCrl(pki.intermediate, { thisUpdate: hours(-2), nextUpdate: hours(-1) }),
  ],
  [
    'a delta',
    'CRL_SCOPE',
    /delta/,
    () => createCrl(pki.intermediate, { extensions: [NUMBER, deltaCrlIndicator(1)] }),
  ],
  [
    'with a critical extension that nobody knows',
    'CRL_CRITICAL_EXTENSION',
    /1\.2\.3\.4/,
    () => createCrl(pki.intermediate, { extensions: [STRANGE] }),
  ],
  [
    'with a critical entry extension that nobody knows',
    'CRL_CRITICAL_EXTENSION',
    /1\.2\.3\.4/,
    () => createCrl(pki.intermediate, { revoked: [{ serial: 1, extensions: [STRANGE] }] }),
  ],
] as const)(
  'a CRL %s counts for nothing, is told with its URL, and gives way to a good one',
  async (_, code, why, wrong) => {
    await publish(wrong());
    const { head, verdict } = await ask(pki.leaf);
    expect(head).toBe(`indeterminate ${code}`);
    expect(verdict.message).toContain(pki.caUrl);
    expect(verdict.message).toMatch(why);
    await pki.publish(host, 2);
    const { verdict: mended } = await until(
      () => ask(pki.leaf),
      ({ head: found }) => found === 'valid OK',
    );
    expect(mended.revocation[0]).toMatchObject({ source: pki.caUrl, number: '2' });
  },
);

test('a superseded CRL that the server goes back to clears no certificate that the newer one revokes', async () => {
  await pki.publish(host, 5, { revoked: [{ serial: pki.leaf.serial }] });
  expect((await ask(pki.leaf)).head).toBe('invalid REVOKED');
  await pki.publish(host, 4);
  const asked = async (): Promise<number> =>
    (await pki.requests(host)).filter(({ path }) => path === '/ca').length;
  const before = await asked();
  await until(asked, (count) => count >= before + 3);
  const { head, verdict } = await ask(pki.leaf);
  expect(head).toBe('invalid REVOKED');
  expect(verdict.revocation[0]).toMatchObject({ number: '5' });
  expect((await ask(pki.newLeaf())).verdict.revocation[0]).toMatchObject({ number: '5', state: 'good' });
});

test('a CRL of 100 MB is fetched, stored and asked while others are answered', async () => {
  const big = createBigCrl(pki.intermediate, {
    count: 2_600_000,
    number: 9,
    thisUpdate: hours(-1),
    nextUpdate: hours(24),
  });
  expect(big.der.length).toBeGreaterThan(100 * 1024 ** 2);
  writeFileSync(join(folder, 'big.crl'), big.der);
  const serving = await CrlServer.start({ crl: createCrl(root).der });
  await serving.mend('/big.crl', join(folder, 'big.crl'));
  const large = await startServer(serving.port, { 'crl.refresh': '1h', 'crl.maxSize': '128MiB' });
  const points = [ext.crlDistributionPoints(serving.url('/big.crl'))];
  const leafOf = (serial: Uint8Array): Issued =>
    createLeaf(pki.intermediate, {
      extensions: points,
      serial: BigInt(`0x${Buffer.from(serial).toString('hex')}`),
    });
  try {
    const others = pinging(large);
    const { head, verdict } = await ask(leafOf(big.absent(1)), large);
    const { count, longest, all } = await others.stop();
    expect(verdict.message).toBe('the path holds: CN=leaf.example');
    expect(head).toBe('valid OK');
    expect(verdict.revocation[0]).toMatchObject({ number: '9', state: 'good' });
    expect(count).toBeGreaterThan(20);
    expect(longest).toBeLessThan(all / 2);
    expect((await ask(leafOf(big.serial(2_599_999)), large)).head).toBe('invalid REVOKED');
  } finally {
    await Promise.all([large.stop(), serving.stop()]);
  }
});
