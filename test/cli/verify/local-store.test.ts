import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openScene } from '../../crl/store/store-scene.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../../pki/pki.js';
import { cli } from '../captured.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-local-'));
  const root = createRoot();
  const intermediate = createIntermediate(root);
  const revoked = createLeaf(intermediate);
  writeFileSync(join(folder, 'root.pem'), root.pem);
  writeFileSync(join(folder, 'good.pem'), createLeaf(intermediate).pem + intermediate.pem);
  writeFileSync(join(folder, 'revoked.pem'), revoked.pem + intermediate.pem);
  const scene = await openScene({ dataDirectory: join(folder, 'data') });
  await scene.ingest(createCrl(root).der, root);
  await scene.ingest(createCrl(intermediate, { revoked: [{ serial: revoked.serial }] }).der, intermediate);
  await scene.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const ask = (command: string, data: string) =>
  cli(folder, command, 'good.pem', 'revoked.pem', '--data.directory', data, ...LOCAL);
const LOCAL = ['--local', '--anchor', 'root.pem', '--revocation', 'hard'];

test.each(['verify', 'explain'])("%s asks the host's store, and leaves it as it is", async (command) => {
  const file = join(folder, 'data/crl-store/data.mdb');
  const before = readFileSync(file);
  const { code, out, err } = await ask(command, 'data');
  expect(out).toMatch(/good\.pem: valid OK [^]*revoked\.pem: invalid REVOKED /);
  expect([code, err]).toEqual([1, '']);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('where there is no store none is made', async () => {
  const { code, out, err } = await ask('verify', 'elsewhere');
  expect(out).toMatch(/good\.pem: indeterminate CRL_NONE .*\nrevoked\.pem: indeterminate CRL_NONE /);
  expect([code, err]).toEqual([2, '']);
  expect(readdirSync(folder)).not.toContain('elsewhere');
});

test('a damaged store is warned of and left alone', async () => {
  const file = join(folder, 'data/crl-store/data.mdb');
  // In its place: this process still has the other one mapped.
  rmSync(file);
  writeFileSync(file, 'no store');
  const { out, err } = await ask('verify', 'data');
  expect(err).toMatch(/^pkixd: warning: the CRL store .*data\/crl-store is damaged/);
  expect(out).toMatch(/good\.pem: indeterminate CRL_NONE /);
  expect(readFileSync(file, 'latin1')).toBe('no store');
});
