import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CrlDirectory } from '../../src/crl/directory.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import { parseCrl } from '../../src/x509/crl.js';
import { createBigCrl } from '../pki/big-crl.js';
import { createCrl, createRoot } from '../pki/pki.js';
import type { CandidateCrl } from '../../src/verify/crl-source.js';

const [first, second] = [createRoot({ subject: 'First' }), createRoot({ subject: 'Second' })];
const nameOf = (issuer: typeof first) => parseCertificate(issuer.der).subject;

let folder: string;
let reports: string[];
let now: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-crls-'));
  reports = [];
  now = 0;
});

afterEach(() => rmSync(folder, { recursive: true }));

function open(path = folder): CrlDirectory {
  return new CrlDirectory(path, { rescan: 1000, report: (message) => reports.push(message), now: () => now });
}

function write(name: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, name), content);
}

test('DER and PEM files are found by issuer, several blocks a file', () => {
  write('a.crl', createCrl(first).der);
  write('b.pem', `${createCrl(first).pem}${first.pem}${createCrl(second).pem}`);
  const directory = open();
  expect(
    directory
      .find(nameOf(first))
      .map(({ source }) => source)
      .toSorted(),
  ).toEqual([join(folder, 'a.crl'), join(folder, 'b.pem')]);
  expect(directory.find(nameOf(second))).toHaveLength(1);
  expect(reports).toEqual([]);
});

test('a broken file is reported once and takes no other with it', () => {
  write('bad.crl', createCrl(first).der.subarray(0, 50));
  write('noise.pem', 'not a CRL');
  write('good.der', createCrl(first).der);
  write('ignored.txt', 'not looked at');
  const directory = open();
  expect(directory.find(nameOf(first))).toHaveLength(1);
  now = 5000;
  directory.find(nameOf(first));
  expect(reports.toSorted()).toEqual([
    expect.stringContaining(join(folder, 'bad.crl')),
    expect.stringContaining(join(folder, 'noise.pem')),
  ]);
});

test('changes are seen after the rescan time and not before', () => {
  const directory = open();
  expect(directory.find(nameOf(first))).toHaveLength(0);
  write('a.crl', createCrl(first).der);
  now = 999;
  expect(directory.find(nameOf(first))).toHaveLength(0);
  now = 1000;
  const [found] = directory.find(nameOf(first));
  expect(found).toBeDefined();
  now = 2000;
  expect(directory.find(nameOf(first))[0]).toBe(found);
  unlinkSync(join(folder, 'a.crl'));
  now = 3000;
  expect(directory.find(nameOf(first))).toHaveLength(0);
});

test('a folder that is not there is reported once and holds nothing', () => {
  const directory = open(join(folder, 'missing'));
  expect(directory.find(nameOf(first))).toHaveLength(0);
  now = 5000;
  directory.find(nameOf(first));
  expect(reports).toEqual([expect.stringContaining('missing')]);
});

test('the names of openssl rehash are read, and a folder in which nothing is read is reported, once', () => {
  write('README', 'text');
  write('0a8e07a5.0', first.pem);
  const directory = open();
  expect(directory.find(nameOf(first))).toEqual([]);
  now += 1000;
  directory.look();
  expect(reports).toEqual([expect.stringMatching(/holds no file that is read .*HASH\.r0/)]);
  for (const name of ['0a8e07a5.r0', '0A8E07A5.r12']) write(name, createCrl(first).pem);
  now += 1000;
  expect(directory.find(nameOf(first))).toHaveLength(2);
  expect(reports).toHaveLength(1);
});

test('what is no file is left out, and never waited for', () => {
  execFileSync('/usr/bin/mkfifo', [join(folder, 'fifo.crl')]);
  mkdirSync(join(folder, 'folder.pem'));
  write('good.der', createCrl(first).der);
  const directory = open();
  expect(directory.find(nameOf(first))).toHaveLength(1);
  expect(reports.toSorted()).toEqual([
    expect.stringMatching(/fifo\.crl is left out: it is not a regular file/),
    expect.stringMatching(/folder\.pem is left out: it is not a regular file/),
  ]);
});

test('a large file serves from memory until the store has its CRL, and is offered to it by the keys that may fit', () => {
  const offers: string[] = [];
  let stored: readonly CandidateCrl[] = [];
  let signers: readonly Uint8Array[] = [];
  const big = (number: number) =>
    createBigCrl(first, { count: 10_000, number, thisUpdate: new Date(number), nextUpdate: new Date() }).der;
  write('a.crl', big(1));
  write('b.crl', createCrl(first).der);
  const directory = new CrlDirectory(folder, {
    rescan: 1000,
    report: (message) => reports.push(message),
    now: () => now,
    keeper: {
      find: () => stored,
      signersOf: () => signers,
      take: (path, keys) => offers.push(`${path} ${keys.length}`),
    },
  });
  const found = () => directory.find(nameOf(first)).filter(({ source }) => source.endsWith('a.crl'));
  const [held] = found();
  expect(held?.crl.number).toBe(1n);
  expect(offers).toEqual([]);
  directory.signedBy(join(folder, 'b.crl'), () => [first.key.spki]);
  directory.signedBy(join(folder, 'a.crl'), () => [first.key.spki]);
  expect(offers).toEqual([`${join(folder, 'a.crl')} 1`]);
  expect(found()).toEqual([held]);
  expect(offers).toHaveLength(1);
  stored = [held!];
  expect(found()).toEqual([]);
  // The next version is offered at once; the one before it serves meanwhile, but not for ever.
  signers = [second.key.spki];
  write('a.crl', big(2));
  now = 5000;
  expect(found()).toEqual([]);
  expect(offers).toEqual([`${join(folder, 'a.crl')} 1`, `${join(folder, 'a.crl')} 2`]);
  now = 40_000;
  expect(found()[0]?.crl.number).toBe(2n);
  expect(offers).toHaveLength(3);
  expect(reports).toEqual([]);
});

test('a large file with another CRL of the same time and number is offered, too', () => {
  const offers: string[] = [];
  const big = (count: number) =>
    createBigCrl(first, { count, number: 1, thisUpdate: new Date(1000), nextUpdate: new Date() }).der;
  write('a.crl', big(10_000));
  const directory = new CrlDirectory(folder, {
    rescan: 1000,
    report: (message) => reports.push(message),
    now: () => now,
    keeper: {
      find: () => [{ crl: parseCrl(big(10_001)), source: join(folder, 'a.crl') }],
      signersOf: () => [first.key.spki],
      take: (path) => offers.push(path),
    },
  });
  directory.find(nameOf(first));
  expect(offers).toEqual([join(folder, 'a.crl')]);
});
