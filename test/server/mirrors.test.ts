// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import * as der from '../pki/der-builder.js';
import { extension, generalName } from '../pki/extensions.js';
import { OID } from '../../src/x509/oid.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { type Answer, answerOf } from './answer.js';
import { CrlHost } from './crl-host.js';
import { TestServer } from './test-server.js';

// Distribution points with several addresses, and certificates with many points, before a whole server.

const HOUR = 3_600_000;
const hours = (count: number): Date => new Date(Date.now() + count * HOUR);
const folder = mkdtempSync(join(tmpdir(), 'pkixd-mirrors-'));
/** One for each test, since a CRL of a root serves all that it issued. */
const roots = Array.from({ length: 9 }, (_, n) => createRoot({ subject: `Root ${n}` }));
writeFileSync(join(folder, 'roots.pem'), roots.map(({ pem }) => pem).join(''));
let root: Issued;
let host: CrlHost;
/** Holds every answer back. */
let hanging: CrlHost;
let server: TestServer;
let made = 0;

beforeAll(async () => {
  [host, hanging] = await Promise.all([CrlHost.start(), CrlHost.start()]);
  await hanging.hold(true);
  server = await TestServer.startPatient({
    trust: { anchors: [join(folder, 'roots.pem')] },
    'crl.allow': [`127.0.0.1:${host.port}`, `127.0.0.1:${hanging.port}`],
    // As long as the request's whole time.
    'crl.maxWait': '60s',
    'crl.stallTimeout': '60s',
    'crl.fetchTimeout': '60s',
    'crl.retry': '1h',
    'crl.maxRetry': '1h',
    'workers.count': 1,
  });
});
afterAll(async () => {
  await Promise.all([server.stop(), host.stop(), hanging.stop()]);
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  const next = roots.pop();
  if (next === undefined) throw new Error('there are more tests than roots');
  root = next;
});

/** A distribution point for each group of addresses. */
function points(...groups: readonly (readonly string[])[]): readonly der.Der[] {
  const encoded = groups.map((uris) =>
    der.sequence(der.explicit(0, der.explicit(0, ...uris.map((uri) => generalName.uri(uri))))),
  );
  return [extension(OID.crlDistributionPoints, der.sequence(...encoded))];
}

/** Lies at a place of its own, if it is given. */
async function publish(crl?: Buffer): Promise<string> {
  const path = `/${++made}.crl`;
  if (crl !== undefined) await host.publish(path, crl);
  return host.url(path);
}

const stale = (issuer: Issued): Buffer =>
  createCrl(issuer, { thisUpdate: hours(-48), nextUpdate: hours(-24) }).der;
const fresh = (issuer: Issued, ...revoked: readonly Issued[]): Buffer =>
  createCrl(issuer, { revoked: revoked.map(({ serial }) => ({ serial })) }).der;

const ask = async (words: string, ...chain: readonly Issued[]): Promise<Answer> =>
  answerOf(await server.talk(`VERIFY ${words}\n${chain.map(({ pem }) => pem).join('')}.\n`));

test('a stale mirror hides no fresh one, in no mode', async () => {
  const urls = [await publish(stale(root)), host.url(`/${made + 1}.crl`)];
  const extensions = points(urls);
  const [good, revoked] = [createLeaf(root, { extensions }), createLeaf(root, { extensions })];
  await publish(fresh(root, revoked));
  expect((await ask('id=1', good)).head).toBe('valid OK');
  expect((await ask('id=2 revocation=soft', revoked)).head).toBe('invalid REVOKED');
  expect((await ask('id=3 revocation=grace', revoked)).head).toBe('invalid REVOKED');
});

test('mirrors that are all stale are told, each with its URL', async () => {
  const urls = [await publish(stale(root)), await publish()];
  const leaf = createLeaf(root, { extensions: points([...urls, 'ldap://127.0.0.1/cn=a']) });
  const { head, verdict } = await ask('id=1', leaf);
  expect(head).toBe('indeterminate CRL_STALE');
  for (const url of urls) expect(verdict.message).toContain(url);
  expect(verdict.message.split('ldap://')).toHaveLength(2);
  expect(verdict.message).toContain('crl.sources');
});

test('mirrors that hang do not hold up one that answers', async () => {
  const silent = [1, 2, 3].map((n) => hanging.url(`/${n}.crl`));
  const leaf = createLeaf(root, {
    extensions: points([...silent, await publish(fresh(root))]),
  });
  // The servers behind the others go on holding them back.
  expect((await ask('id=1', leaf)).head).toBe('valid OK');
});

test('what is there at once does not wait for a point that hangs', async () => {
  const silent = hanging.url(`/${++made}.crl`);
  const other = createLeaf(root, { extensions: points([silent], [await publish(fresh(root))]) });
  expect((await ask('id=1', other)).head).toBe('valid OK');
});

test('nor does a revocation that is there wait for the CRL of another certificate', async () => {
  const rootUrl = await publish();
  const ca = createIntermediate(root, { subject: `CA ${made}`, extensions: points([rootUrl]) });
  await host.publish(new URL(rootUrl).pathname, fresh(root, ca));
  const leaf = createLeaf(ca, { extensions: points([hanging.url(`/${++made}.crl`)]) });
  expect((await ask('id=2', leaf, ca)).head).toBe('invalid REVOKED');
});

test('addresses without number in the leaf leave room for the CRL that revokes its CA', async () => {
  const rootUrl = await publish();
  const ca = createIntermediate(root, {
    subject: `CA ${made}`,
    extensions: points(['ldap://127.0.0.1/cn=root', rootUrl]),
  });
  await host.publish(new URL(rootUrl).pathname, fresh(root, ca));
  const missing = await Promise.all(Array.from({ length: 12 }, () => publish()));
  const inOne = createLeaf(ca, { extensions: points(missing) });
  const inMany = createLeaf(ca, { extensions: points(...missing.map((uri) => [uri])) });
  for (const leaf of [inOne, inMany])
    for (const mode of ['hard', 'grace', 'soft'])
      expect((await ask(`id=${mode} revocation=${mode}`, leaf, ca)).head).toBe('invalid REVOKED');
});

test.each([
  ['CRLs', [20, 20]],
  ['addresses', [4, 1]],
])(
  'more %s than one request may have are told, and the next request asks on',
  async (what, [count = 0, ofCa = 0]) => {
    const missing: string[] = [];
    const lacking = async (groups: number): Promise<readonly der.Der[]> => {
      const size = what === 'CRLs' ? 1 : 20;
      const urls: string[][] = [];
      for (let group = 0; group < groups; group++) {
        urls.push([]);
        for (let n = 0; n < size; n++) urls[group]?.push(await publish());
      }
      missing.push(...urls.flat());
      return points(...urls);
    };
    const ca = createIntermediate(root, { subject: `CA of ${what}`, extensions: await lacking(ofCa) });
    const leaf = createLeaf(ca, { extensions: await lacking(count) });
    const unasked = async (): Promise<readonly string[]> => {
      const asked = new Set((await host.requests()).map(({ url }) => host.url(url)));
      return missing.filter((url) => !asked.has(url));
    };
    const { head, verdict } = await ask('id=1 revocation=soft', leaf, ca);
    expect(head).toBe('indeterminate FETCH_LIMIT');
    const before = await unasked();
    expect(before.length).toBeGreaterThan(0);
    expect(before.some((url) => verdict.message.includes(url))).toBe(true);
    // What failed is left alone, and the same request gets to what it did not ask before.
    expect((await ask('id=1 revocation=soft', leaf, ca)).head).toBe('valid OK_SOFT');
    expect(await unasked()).toEqual([]);
  },
);

test('a CRL that the key of an impostor in the request signed is not taken', async () => {
  const ca = createIntermediate(root, {
    subject: `CA ${made}`,
    extensions: points([await publish(fresh(root))]),
  });
  const impostor = createRoot({ subject: ca.name });
  const url = await publish(fresh(impostor));
  const leaf = createLeaf(ca, { extensions: points([url]) });
  const { head, verdict } = await ask('id=1', leaf, ca, impostor);
  expect(head).toBe('indeterminate CRL_BAD_SIGNATURE');
  expect(verdict.message).toContain(url);
  // Nor does another impostor make it be asked for again, while it is left alone.
  const asked = (await host.requests()).length;
  expect((await ask('id=2', leaf, ca, createRoot({ subject: ca.name }))).head).toBe(head);
  expect((await host.requests()).length).toBe(asked);
});
