import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WritableEnvironment } from '../../../src/crl/store/environment.js';
import { ALL_BUCKETS } from '../../../src/crl/store/records/keys.js';
import { openScene } from '../../crl/store/store-scene.js';
import * as ext from '../../pki/extensions.js';
import { createCrl, createRoot, type CrlOptions, type Issued } from '../../pki/pki.js';
import { type Captured, cli } from '../captured.js';
import { program } from '../program.js';

const HOUR = 3_600_000;
const root = createRoot();
const other = createRoot({ subject: 'Other Root' });
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-crl-'));
  put('root.pem', root.pem);
  put('other.pem', other.pem);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, content: string | Buffer): void => {
  writeFileSync(join(folder, name), content);
};

/** Commands that only read, within this process. */
const crl = (...words: readonly string[]): Promise<Captured> => cli(folder, 'crl', ...words);

/** Those that write have a thread, which runs from dist. */
const writing = (...words: readonly string[]): Promise<Captured> => program(folder, ['crl', ...words]);

const numbered = (issuer: Issued, number: number, options: CrlOptions = {}): { der: Buffer; pem: string } =>
  createCrl(issuer, {
    extensions: [ext.authorityKeyIdentifier(issuer.key.spki), ext.crlNumber(number)],
    thisUpdate: new Date(Date.now() - HOUR + number * 1000),
    ...options,
  });

const STALE = { nextUpdate: new Date(Date.now() - 60_000) };

async function store(
  ...crls: readonly (readonly [issuer: Issued, der: Buffer, source: string])[]
): Promise<void> {
  const scene = await openScene({ dataDirectory: join(folder, 'data') });
  for (const [issuer, der, source] of crls) await scene.ingest(der, issuer, { source });
  await scene.close();
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('CRLs of files and folders, DER and PEM, several a file, are taken in; what is bad costs only itself', async () => {
  mkdirSync(join(folder, 'crls'));
  put('crls/a.crl', numbered(root, 1).der);
  put('crls/b.pem', numbered(root, 2).pem + numbered(other, 5).pem);
  put('crls/c.crl', 'no CRL at all');
  put('crls/d.der', createCrl(root, { breakSignature: true, thisUpdate: new Date() }).der);
  put('crls/e.crl', numbered(createRoot({ subject: 'Unknown' }), 1).der);
  put('crls/ignored.txt', 'not of this kind');
  const issuers = ['--issuer', 'root.pem', '--issuer', 'other.pem'];
  const { code, out, err } = await writing('import', 'crls', 'missing.crl', ...issuers);
  expect(code).toBe(66);
  expect(out.match(/^.*stored, CN=.*$/gm)).toHaveLength(3);
  expect(out).toMatch(/^crls\/b\.pem: stored, CN=Other Root, number 5 of \S+, 0 entries$/m);
  expect(err).toMatch(/^pkixd: error \S+ crls\/c\.crl: the file is neither PEM .* nor DER of a CRL: /m);
  expect(err).toMatch(/^pkixd: error CRL_BAD_SIGNATURE .*d\.der: /m);
  expect(err).toMatch(/^pkixd: error CRL_ISSUER_UNTRUSTED .*e\.crl: .*; name who signed it with --issuer$/m);
  expect(err).toMatch(/^pkixd: error FILE_UNREADABLE missing\.crl: /m);
  expect(out + err).not.toContain('ignored');
  // Nor is a bar drawn where there is no terminal.
  expect(err).not.toContain('█');
});

test('who signed a CRL is found among the trust anchors, and an older one is no error', async () => {
  put('new.crl', numbered(root, 2).der);
  put('old.crl', numbered(root, 1).der);
  const { code, out, err } = await writing('import', 'new.crl', 'old.crl', '--trust.anchors', 'root.pem');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^new\.crl: stored, .*\nold\.crl: not newer: the store has CN=Test Root, number 2 of /);
});

test('the list shows issuer, number, freshness and source, for people and for programs', async () => {
  await store(
    [root, numbered(root, 7, { revoked: [{ serial: 5 }] }).der, 'http://crl.example/a.crl'],
    [other, numbered(other, 1, STALE).der, '/srv/b.crl'],
  );
  const { code, out, err } = await crl('list');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^KEY +ISSUER +NUMBER/);
  expect(out).toMatch(/^[0-9a-f]{12} +CN=Other Root +1 .* stale +0 +1 KiB +- +0 +\/srv\/b\.crl$/m);
  expect(lines((await crl('list', '--json')).out)).toMatchObject([
    { issuer: 'CN=Other Root', freshness: 'stale', entries: 0 },
    {
      issuer: 'CN=Test Root',
      kind: 'complete',
      number: '7',
      freshness: 'current',
      entries: 1,
      source: 'http://crl.example/a.crl',
      fetchedAt: null,
    },
  ]);
});

test('one is shown by key, source or issuer; a serial is looked up in every spelling', async () => {
  const revoked = [{ serial: 0x9d01, extensions: [ext.reasonCode(1)] }];
  await store([root, numbered(root, 7, { revoked }).der, 'a.crl']);
  const [listed] = lines((await crl('list', '--json')).out);
  const key = String(listed?.['key']);
  for (const name of [key, key.slice(0, 8), 'a.crl', 'test ROOT']) {
    const { code, out } = await crl('show', name);
    expect(code).toBe(0);
    expect(out).toMatch(/^issuer +CN=Test Root$/m);
    expect(out).toMatch(/^scope +all certificates of the issuer$/m);
  }
  for (const serial of ['9D:01', '0x9d01', '009d01']) {
    const found = await crl('show', 'Test Root', '--serial', serial);
    expect(found.code).toBe(1);
    expect(found.out).toMatch(/number 7: 009d01 is listed since \S+, keyCompromise$/m);
  }
  const absent = await crl('show', 'Test Root', '--serial', '9d02');
  expect(absent.code).toBe(0);
  expect(absent.out).toContain('009d02 is not listed');
  expect((await crl('show', 'Test Root', '--serial', 'xyz')).code).toBe(64);
  const unknown = await crl('show', 'Nobody');
  expect(unknown.code).toBe(64);
  expect(unknown.err).toContain('"pkixd crl list"');
});

test('one is removed, several only with --all', async () => {
  await store([root, numbered(root, 1).der, 'a.crl'], [other, numbered(other, 1).der, 'b.crl']);
  const refused = await crl('remove', 'Root');
  expect(refused.code).toBe(64);
  expect(refused.err).toMatch(/fits 2 CRLs \([0-9a-f]{12}, [0-9a-f]{12}\)/);
  const { code, out } = await writing('remove', 'Other Root');
  expect(code).toBe(0);
  expect(out).toMatch(/^[0-9a-f]{12} CN=Other Root: removed$/m);
  expect(lines((await crl('list', '--json')).out)).toMatchObject([{ issuer: 'CN=Test Root' }]);
  expect((await writing('remove', 'Root', '--all')).code).toBe(0);
  expect((await crl('list')).out).toBe('the store is empty\n');
});

test('the check tells fresh, due, stale and damaged apart by its exit code', async () => {
  await store([root, numbered(root, 1, { revoked: [{ serial: 5 }] }).der, 'a.crl']);
  expect(await crl('check')).toEqual({ code: 0, out: '1 CRLs checked: all fresh and whole\n', err: '' });
  const due = await crl('check', '--within', '30d');
  expect(due.code).toBe(1);
  expect(due.out).toMatch(/number 1: its successor is due /);
  await store([other, numbered(other, 1, STALE).der, 'b.crl']);
  const stale = await crl('check');
  expect(stale.code).toBe(1);
  expect(stale.out).toMatch(/Other Root.*stale: /);
  await spoilBuckets(join(folder, 'data'));
  const damaged = await crl('check', '--json');
  expect(damaged.code).toBe(2);
  expect(damaged.out).toMatch(/"problems":\["damaged: the store holds a bucket/);
});

test('a source that fails is told by the check', async () => {
  const url = 'http://crl.example/a.crl';
  const scene = await openScene({ dataDirectory: join(folder, 'data') });
  await scene.ingest(numbered(root, 1).der, root, { source: url });
  await scene.writer.noteUrl(url, {
    fetchedAt: null,
    failures: 3,
    retryAt: 0,
    message: `${url}: ECONNREFUSED`,
  });
  await scene.close();
  const { code, out } = await crl('check');
  expect(code).toBe(1);
  expect(out).toContain(`${url} failed 3 times in a row: ${url}: ECONNREFUSED`);
});

test('without a store the commands that read say so, and make none', async () => {
  for (const words of [['list'], ['check'], ['show', 'x'], ['remove', 'x'], ['check']]) {
    const { code, err } = await crl(...words);
    expect(code).toBe(66);
    expect(err).toContain('there is no CRL store in');
  }
});

test('what is missing or unknown after "crl" is said', async () => {
  const missing = await crl();
  expect(missing.code).toBe(64);
  expect(missing.err).toMatch(/pkixd crl list, show, /);
  expect((await crl('lst')).code).toBe(64);
  const help = await crl('import', '--help');
  expect(help.code).toBe(0);
  expect(help.out).toMatch(/pkixd crl import <files\.\.>/);
});

/** Cuts every bucket short. */
async function spoilBuckets(dataDirectory: string): Promise<void> {
  const environment = WritableEnvironment.openToWrite(dataDirectory);
  const entries = environment.entries(ALL_BUCKETS);
  await environment.transaction(() => {
    for (const { key, value } of entries) environment.put(key, value.subarray(0, -1));
  });
  await environment.close();
}
