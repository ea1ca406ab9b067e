import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CrlDirectory } from '../../src/crl/directory.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import { createCrl, createRoot } from '../pki/pki.js';

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

test('what is no file is left out, and never waited for', () => {
  execFileSync('/usr/bin/mkfifo', [join(folder, 'fifo.crl')]);
  mkdirSync(join(folder, 'folder.pem'));
  write('good.der', createCrl(first).der);
  const directory = open();
  expect(directory.find(nameOf(first))).toHaveLength(1);
  expect(reports.toSorted()).toEqual([
    expect.stringMatching(/fifo\.crl is left out: it is no file/),
    expect.stringMatching(/folder\.pem is left out: it is no file/),
  ]);
});
