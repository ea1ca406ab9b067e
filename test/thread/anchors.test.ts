import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { readAnchors } from '../../src/thread/anchors.js';
import { certsOnly, trustSettings } from '../pki/cms.js';
import * as der from '../pki/der-builder.js';
import { createRoot, pemOf } from '../pki/pki.js';

const parent = mkdtempSync(join(tmpdir(), 'pkixd-anchors-'));
afterAll(() => {
  rmSync(parent, { recursive: true });
});

let folder = '';
let reports: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'));
  reports = [];
});

const read = (entry: string, broken: 'stop' | 'skip' = 'stop') =>
  readAnchors(entry, { broken, report: (message) => reports.push(message) }).map((each) =>
    Buffer.from(each.der),
  );

function fileWith(...parts: readonly (string | Buffer)[]): string {
  const path = join(folder, 'anchors.pem');
  writeFileSync(path, parts.join(''));
  return path;
}

const root = createRoot();
const other = createRoot({ subject: 'Other Root' });
/** An extension whose `critical FALSE` is written out. */
const odd = createRoot({
  subject: 'Odd Root',
  extensions: [der.sequence(der.oid('2.5.29.32'), der.bool(false), der.octetString(der.sequence()))],
});
const distrusted = pemOf(
  'TRUSTED CERTIFICATE',
  Buffer.concat([other.der, trustSettings([], ['1.3.6.1.5.5.7.3.1'])]),
);
const cut = pemOf('CERTIFICATE', Buffer.from(der.sequence(der.sequence())));

test.each([
  ['an odd extension', odd.pem, /CN=Odd Root: .*certificatePolicies has "critical FALSE" written out/],
  ['a certificate that has no subject', cut, /certificate 2 of 3: .*serialNumber is missing/],
  ['a certificate that OpenSSL is told to distrust', distrusted, /CN=Other Root: .*not to be trusted/],
])('%s among the anchors: stop names it, skip leaves it out and names it', (_, pem, why) => {
  const path = fileWith(root.pem, pem, createRoot({ subject: 'Last' }).pem);
  expect(() => read(path)).toThrow(
    expect.objectContaining({ code: 'BAD_ANCHORS', message: expect.stringMatching(why) }),
  );
  expect(() => read(path)).toThrow(/trust\.brokenAnchors: skip/);
  reports = [];
  expect(read(path, 'skip')).toHaveLength(2);
  expect(reports.filter((report) => why.test(report))).toEqual([expect.stringContaining('left out')]);
});

test('a file of which nothing is left is an error, also where odd anchors are skipped', () => {
  expect(() => read(fileWith(odd.pem, cut), 'skip')).toThrow(
    /none of its certificates can be an anchor: CN=Odd Root/,
  );
  expect(() => read(fileWith('nothing'), 'skip')).toThrow(/neither PEM .* nor DER/);
});

test('a folder is read by the names of its files, those of openssl rehash among them, each certificate once', () => {
  writeFileSync(join(folder, 'root.pem'), root.pem);
  symlinkSync('root.pem', join(folder, '0a8e07a5.0'));
  copyFileSync(join(folder, 'root.pem'), join(folder, '1b9f18b6.r0'));
  writeFileSync(join(folder, 'others.p7b'), certsOnly([other.der]));
  writeFileSync(join(folder, 'README'), 'no certificate');
  expect(read(folder)).toHaveLength(2);
  rmSync(join(folder, 'root.pem'));
  rmSync(join(folder, 'others.p7b'));
  writeFileSync(join(folder, 'hashed'), root.pem);
  rmSync(join(folder, '0a8e07a5.0'));
  expect(() => read(folder)).toThrow(/holds no \.pem/);
  symlinkSync('hashed', join(folder, '0a8e07a5.12'));
  expect(read(folder)).toEqual([root.der]);
});

test('what a file holds besides is said', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nAQ==\n-----END PRIVATE KEY-----\n';
  expect(read(fileWith(key, root.pem))).toEqual([root.der]);
  expect(reports).toEqual([expect.stringContaining('PRIVATE KEY was passed over')]);
});

test("Node's roots can be read", () => {
  expect(read('node').length).toBeGreaterThan(50);
});
