// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Captured } from '../cli/captured.js';
import { program } from '../cli/program.js';
import { newKey } from '../pki/keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { type Answer, answerOf } from './answer.js';
import { TestServer } from './test-server.js';

// A server that runs, and a store that commands change beside it.

const [one, two] = [createRoot({ subject: 'Root One' }), createRoot({ subject: 'Root Two' })];
const folder = mkdtempSync(join(tmpdir(), 'pkixd-stored-'));
const path = (name: string): string => join(folder, name);
let server: TestServer;

beforeAll(() => {
  writeFileSync(path('one.pem'), one.pem);
  writeFileSync(path('two.pem'), two.pem);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  server = await TestServer.startPatient({
    trust: { anchors: [path('one.pem')] },
    profiles: { second: { base: 'rfc5280', anchors: [path('two.pem')] } },
    'workers.count': 2,
  });
});
afterEach(() => server.stop());

const crl = (...words: readonly string[]): Promise<Captured> =>
  program(server.directory, ['crl', ...words, '--config', join(server.directory, 'pkixd.config.json')]);

async function importCrl(der: Buffer, ...signers: readonly Issued[]): Promise<void> {
  writeFileSync(path('imported.crl'), der);
  writeFileSync(path('signers.pem'), signers.map(({ pem }) => pem).join(''));
  const issuers = signers.length === 0 ? [] : ['--issuer', path('signers.pem')];
  expect(await crl('import', path('imported.crl'), ...issuers)).toMatchObject({ code: 0, err: '' });
}

/** What each of several connections is told, which go to the workers in turn. */
async function ask(certificates: readonly Issued[], words = ''): Promise<Answer> {
  const text = `VERIFY id=1 ${words}\n${certificates.map(({ pem }) => pem).join('')}.\n`;
  const lines = await Promise.all(Array.from({ length: 4 }, () => server.talk(text)));
  const answers = lines.map(answerOf);
  expect(new Set(answers.map(({ head }) => head)).size).toBe(1);
  return answers[0]!;
}

const ago = (minutes: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - minutes * 60_000);

test('a running server answers with a CRL that is imported, with the next one, and no longer once it is removed', async () => {
  const leaf = createLeaf(one);
  expect((await ask([leaf])).head).toBe('indeterminate CRL_NONE');
  await importCrl(createCrl(one, { thisUpdate: ago(2) }).der);
  const { head, verdict } = await ask([leaf]);
  expect(head).toBe('valid OK');
  expect(verdict.revocation).toMatchObject([{ state: 'good', source: path('imported.crl') }]);
  await importCrl(createCrl(one, { thisUpdate: ago(1), revoked: [{ serial: leaf.serial }] }).der);
  expect((await ask([leaf])).head).toBe('invalid REVOKED');
  expect(await crl('remove', 'Root One')).toMatchObject({ code: 0, err: '' });
  expect((await ask([leaf])).head).toBe('indeterminate CRL_NONE');
  // Nor does the older one come back.
  writeFileSync(path('imported.crl'), createCrl(one, { thisUpdate: ago(2) }).der);
  expect((await crl('import', path('imported.crl'))).out).toContain('not newer');
  expect((await ask([leaf])).head).toBe('indeterminate CRL_NONE');
  expect(server.log).not.toContain('damaged');
});

test("a CRL that one profile's anchor vouches for does not count under a profile without that anchor", async () => {
  const [subject, key] = ['Shared CA', newKey('p-256')];
  const byOne = createIntermediate(one, { subject, key });
  const byTwo = createIntermediate(two, { subject, key });
  // The CA's other key, certified under the first root alone, signs its CRLs.
  const signer = createIntermediate(one, { subject });
  const certificates = [createLeaf(byOne), byOne, byTwo, signer];
  for (const root of [one, two]) await importCrl(createCrl(root).der, root);
  await importCrl(createCrl(signer).der, signer);
  expect((await ask(certificates)).head).toBe('valid OK');
  expect((await ask(certificates, 'profile=second')).head).toBe('indeterminate CRL_ISSUER_UNTRUSTED');
  await importCrl(createCrl(byOne).der, byOne);
  expect((await ask(certificates, 'profile=second')).head).toBe('valid OK');
});
