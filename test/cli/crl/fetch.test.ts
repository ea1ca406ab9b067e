// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newKey } from '../../pki/keys.js';
import { createCrl, createLeaf, createRoot } from '../../pki/pki.js';
import { PATIENT_FETCHES } from '../../patient-fetches.js';
import { CrlHost } from '../../server/crl-host.js';
import { FetchedPki } from '../../server/fetched-pki.js';
import { TestServer } from '../../server/test-server.js';
import type { Captured } from '../captured.js';
import { program } from '../program.js';

// Each command is a process of its own, on a machine that may be busy.

const root = createRoot();
const unrelated = createRoot({ subject: 'Unrelated' });
let host: CrlHost;
let pki: FetchedPki;
let folder: string;
let server: TestServer | undefined;

beforeAll(async () => {
  host = await CrlHost.start();
});
afterAll(() => host.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-crl-fetch-'));
  pki = new FetchedPki(root, host);
  put('root.pem', root.pem);
  put('chain.pem', pki.leaf.pem + pki.intermediate.pem);
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, content: string | Buffer): void => {
  writeFileSync(join(folder, name), content);
};

type Settings = Readonly<Record<string, unknown>>;

/** The ways to fetch: by the process itself, and by the workers of a server. */
const WAYS = {
  'in the process itself': async (settings: Settings): Promise<string> => {
    put('pkixd.config.json', JSON.stringify(settings));
    return Promise.resolve(folder);
  },
  'by a running server': async (settings: Settings): Promise<string> => {
    server = await TestServer.startPatient({ ...settings, 'workers.count': 2 });
    return server.directory;
  },
};

const settings = (more: Settings = {}): Settings => ({
  'trust.anchors': [join(folder, 'root.pem')],
  'crl.allow': [`127.0.0.1:${host.port}`],
  'crl.retry': '1h',
  'crl.maxRetry': '1h',
  ...PATIENT_FETCHES,
  ...more,
});

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const requests = async (): Promise<number> => (await pki.requests(host)).length;

describe.each(Object.entries(WAYS))('%s', (_, open) => {
  const begin = async (more: Settings = {}) => {
    const directory = await open(settings(more));
    return (...words: readonly string[]): Promise<Captured> => program(directory, ['crl', 'fetch', ...words]);
  };

  test('the CRLs of a certificate’s path are fetched, and from then on they are known', async () => {
    const fetch = await begin();
    await pki.publish(host, 1);
    const first = await fetch(join(folder, 'chain.pem'));
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out.trim().split('\n')).toHaveLength(2);
    expect(first.out).toContain(`${pki.caUrl}: stored, CN=Intermediate`);
    expect(first.out).toMatch(/stored, CN=Test Root, number 1 of \d{4}-\S+Z, next \d{4}-\S+Z$/m);
    expect(await requests()).toBe(2);
    await pki.publish(host, 2);
    const second = await fetch('--all', '--json');
    expect(second).toMatchObject({ code: 0, err: '' });
    expect(
      lines(second.out).toSorted((a, b) => (String(a['url']) < String(b['url']) ? -1 : 1)),
    ).toMatchObject([
      { url: pki.caUrl, outcome: 'stored', number: '2' },
      { url: pki.rootUrl, outcome: 'stored', number: '2' },
    ]);
    const third = await fetch(pki.caUrl);
    expect(third.out).toMatch(/^\S+: not newer, CN=Intermediate \d+, number 2 of .*\n$/);
    expect(third.code).toBe(0);
  });

  test('nothing is fetched from where no verified chain has led', async () => {
    const fetch = await begin();
    await pki.publish(host, 1);
    put('unrelated.pem', createLeaf(unrelated).pem);
    const { code, out, err } = await fetch(pki.caUrl, join(folder, 'unrelated.pem'), 'missing.pem');
    expect({ code, out }).toEqual({ code: 66, out: '' });
    expect(err).toMatch(/error NO_SUCH_CRL http:\S+ is not known: .*name a certificate that points to it$/m);
    expect(err).toMatch(/error NO_PATH \S+unrelated\.pem: /);
    expect(err).toMatch(/error FILE_UNREADABLE missing\.pem: /);
    expect(await requests()).toBe(0);
  });

  test('a CRL that is refused and a server that fails are told apart, and asked again at once when ordered', async () => {
    const fetch = await begin();
    await pki.publish(host, 1);
    await host.publish(
      new URL(pki.caUrl).pathname,
      createCrl({ ...pki.intermediate, key: newKey('p-256') }).der,
    );
    await host.withdraw(new URL(pki.rootUrl).pathname);
    const bad = await fetch(join(folder, 'chain.pem'), '--json');
    expect(bad.code).toBe(69);
    expect(lines(bad.out).toSorted((a, b) => (String(a['url']) < String(b['url']) ? -1 : 1))).toMatchObject([
      { url: pki.caUrl, outcome: 'refused', code: 'CRL_BAD_SIGNATURE' },
      { url: pki.rootUrl, outcome: 'failed', code: 'FETCH_FAILED' },
    ]);
    // Requests would leave both alone for an hour now.
    await pki.publish(host, 1);
    expect(await fetch(join(folder, 'chain.pem'))).toMatchObject({ code: 0, err: '' });
  });

  test('the rules for addresses stay in force', async () => {
    const fetch = await begin({ 'crl.allow': [] });
    await pki.publish(host, 1);
    const { code, err } = await fetch(join(folder, 'chain.pem'));
    expect(code).toBe(69);
    expect(err).toMatch(/error FETCH_REFUSED .*127\.0\.0\.1.*crl\.allow/);
    expect(await requests()).toBe(0);
  });

  test('what crl.sources names is fetched with a key that is known', async () => {
    const [, number] = /ca-(\d+)\.crl$/.exec(pki.caUrl) ?? [];
    const [named, shown] = [host.url('/named.crl'), host.url('/shown.crl')];
    for (const path of ['/named.crl', '/shown.crl'])
      await host.publish(path, createCrl(pki.intermediate).der);
    const ca = join(folder, 'ca.pem');
    put('ca.pem', pki.intermediate.pem);
    const sources = [
      { issuer: `CN=Intermediate ${number}`, url: named },
      { certificate: ca, url: shown },
    ];
    const fetch = await begin({ 'crl.sources': sources });
    const without = await fetch('--all');
    expect(without.code).toBe(65);
    expect(without.out).toContain(`${shown}: stored, CN=Intermediate ${number}, number 1`);
    expect(without.err).toMatch(
      /error CRL_ISSUER_UNTRUSTED \S+named\.crl: .*; name the certificate of who signs it with --issuer$/m,
    );
    expect(await fetch(named, '--issuer', ca)).toMatchObject({ code: 0, err: '' });
  });
});

test('with --local a running server is not asked', async () => {
  const directory = await WAYS['by a running server'](settings());
  await pki.publish(host, 1);
  const { code } = await program(directory, ['crl', 'fetch', '--local', join(folder, 'chain.pem')]);
  expect(code).toBe(0);
  expect(server?.log).not.toContain('a CRL was fetched');
  expect(server?.log).not.toContain('"command":"order"');
});

test('what is named and --all are one or the other', async () => {
  await WAYS['in the process itself'](settings());
  for (const words of [[], ['--all', 'chain.pem']]) {
    const { code, err } = await program(folder, ['crl', 'fetch', ...words]);
    expect(code).toBe(64);
    expect(err).toContain('name URLs or files of certificates, or all with --all');
  }
});
