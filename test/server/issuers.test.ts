import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorityInfoAccess, crlDistributionPoints } from '../pki/extensions.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { CrlHost } from './crl-host.js';
import { TestServer } from './test-server.js';

const root = createRoot();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-issuers-'));
writeFileSync(join(folder, 'root.pem'), root.pem);
let host: CrlHost;
/** Fetches issuers from the host, and one that has no such list. */
let listing: TestServer;
let plain: TestServer;

beforeAll(async () => {
  host = await CrlHost.start();
  const start = (settings: Readonly<Record<string, unknown>>): Promise<TestServer> =>
    TestServer.startPatient({
      trust: { anchors: [join(folder, 'root.pem')] },
      'profile.revocation': 'off',
      'crl.allow': [`127.0.0.1:${host.port}`],
      'crl.maxWait': '60s',
      'workers.count': 1,
      ...settings,
    });
  [listing, plain] = await Promise.all([start({ 'aia.hosts': ['127.0.0.1'] }), start({})]);
});
afterAll(async () => {
  await Promise.all([listing.stop(), plain.stop(), host.stop()]);
  rmSync(folder, { recursive: true });
});

let made = 0;

/** A chain of two intermediates, each certificate of which says where its issuer and its CRL lie. */
function chain() {
  const name = `/${++made}`;
  const placed = (issuer: string) => crlDistributionPoints(host.url(`${name}/${issuer}.crl`));
  const [upperPath, lowerPath] = [`${name}/upper`, `${name}/lower`];
  const upper = createIntermediate(root, { subject: `Upper ${made}`, extensions: [placed('root')] });
  const lower = createIntermediate(upper, {
    subject: `Lower ${made}`,
    extensions: [authorityInfoAccess(host.url(upperPath)), placed('upper')],
  });
  const leaf = createLeaf(lower, {
    extensions: [authorityInfoAccess(host.url(lowerPath)), placed('lower')],
  });
  return { name, upper, lower, leaf, upperPath, lowerPath, lowerUrl: host.url(lowerPath) };
}

const ask = (server: TestServer, leaf: Issued, words = 'id=1'): Promise<string> =>
  server.talk(`VERIFY ${words}\n${leaf.pem}.\n`);

const requestsFor = async (path: string): Promise<number> =>
  (await host.requests()).filter(({ url }) => url === path).length;

test('two missing intermediates are fetched, each once, and the path holds', async () => {
  const { upper, lower, leaf, upperPath, lowerPath } = chain();
  await host.publish(upperPath, upper.der);
  await host.publish(lowerPath, lower.der);
  expect(await ask(listing, leaf)).toMatch(/ valid OK /);
  const sibling = createLeaf(lower, { extensions: [authorityInfoAccess(host.url(lowerPath))] });
  expect(await ask(listing, sibling)).toMatch(/ valid OK /);
  expect([await requestsFor(upperPath), await requestsFor(lowerPath)]).toEqual([1, 1]);
});

test('the CRLs of a path whose issuers were fetched are fetched after them', async () => {
  const { name, upper, lower, leaf, upperPath, lowerPath } = chain();
  await host.publish(upperPath, upper.der);
  await host.publish(lowerPath, lower.der);
  for (const [path, issuer] of [
    ['root', root],
    ['upper', upper],
    ['lower', lower],
  ] as const)
    await host.publish(`${name}/${path}.crl`, createCrl(issuer).der);
  expect(await ask(listing, leaf, 'revocation=hard')).toMatch(/ valid OK /);
  expect(await requestsFor(`${name}/lower.crl`)).toBe(1);
});

test('without the option nothing is fetched', async () => {
  const { lower, leaf, lowerPath } = chain();
  await host.publish(lowerPath, lower.der);
  expect(await ask(plain, leaf)).toMatch(/ invalid NO_PATH /);
  expect(await requestsFor(lowerPath)).toBe(0);
});

test('nor from a host that is not listed, and the verdict says so', async () => {
  const { lower } = chain();
  const url = `http://localhost:${host.port}/elsewhere`;
  const leaf = createLeaf(lower, { extensions: [authorityInfoAccess(url)] });
  expect(await ask(listing, leaf)).toMatch(/ invalid NO_PATH .*localhost is not listed in aia\.hosts/);
  expect(await requestsFor('/elsewhere')).toBe(0);
});

test('nor at a past instant', async () => {
  const { lower, leaf, lowerPath } = chain();
  await host.publish(lowerPath, lower.der);
  const at = new Date(Date.now() - 60_000).toISOString();
  expect(await ask(listing, leaf, `at=${at}`)).toMatch(/ invalid NO_PATH /);
  expect(await requestsFor(lowerPath)).toBe(0);
});

test('an issuer that is missing, or is another CA, gives no path and no error', async () => {
  const { leaf, lowerUrl } = chain();
  const absent = await ask(listing, leaf);
  expect(absent).toMatch(/ invalid NO_PATH /);
  expect(absent).toContain(`an issuer could not be fetched: ${lowerUrl}: `);
  const other = chain();
  await host.publish(other.lowerPath, createIntermediate(createRoot({ subject: 'Stranger' })).der);
  expect(await ask(listing, other.leaf)).toMatch(/ invalid NO_PATH /);
});

test('a fetched certificate is a candidate like any other: one that an impostor signed makes no path', async () => {
  const { upper, leaf, upperPath, lowerPath, lower } = chain();
  const impostor = createRoot({ subject: `Upper ${made}` });
  const forged = createIntermediate(impostor, { subject: `Lower ${made}`, key: lower.key });
  await host.publish(lowerPath, forged.der);
  await host.publish(upperPath, upper.der);
  expect(await ask(listing, leaf)).toMatch(/ invalid /);
});
