// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { program } from '../cli/program.js';
import { type BigCrl, createBigCrl } from '../pki/big-crl.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { type Answer, answerOf } from './answer.js';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

// A folder with large CRLs: they go into the store, and count like small ones.

const HOUR = 3_600_000;
const root = createRoot();
const intermediate = createIntermediate(root);
let folder: string;
let server: TestServer;
const crlPath = (name: string): string => join(folder, 'crls', name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-directory-'));
  mkdirSync(join(folder, 'crls'));
  writeFileSync(join(folder, 'root.pem'), root.pem);
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function start(directory?: string): Promise<void> {
  server = await TestServer.startPatient(
    {
      trust: { anchors: [join(folder, 'root.pem')] },
      crl: { directory: join(folder, 'crls'), rescan: '200ms' },
      'workers.count': 2,
    },
    directory,
  );
}

/** As an operator should: whole at once. */
function put(name: string, content: Uint8Array): void {
  writeFileSync(join(folder, 'next'), content);
  renameSync(join(folder, 'next'), crlPath(name));
}

const bigCrl = (issuer: Issued, number: number): BigCrl =>
  createBigCrl(issuer, {
    count: 30_000,
    number,
    thisUpdate: new Date(Date.now() - 2 * HOUR + number * 60_000),
    nextUpdate: new Date(Date.now() + 24 * HOUR),
  });

const listedIn = (issuer: Issued, crl: BigCrl): Issued =>
  createLeaf(issuer, { serial: BigInt(`0x${Buffer.from(crl.serial(12_345)).toString('hex')}`) });

async function ask(certificates: readonly Issued[], words = ''): Promise<Answer> {
  const text = `VERIFY id=1 ${words}\n${certificates.map(({ pem }) => pem).join('')}.\n`;
  return answerOf(await server.talk(text));
}

const headOf = async (...certificates: readonly Issued[]): Promise<string> => (await ask(certificates)).head;

const stored = (name: string): number =>
  server.log.split('\n').filter((line) => line.includes('was stored') && line.includes(crlPath(name))).length;

/** Sources of what the store has. */
async function sources(): Promise<readonly string[]> {
  const config = ['--config', join(server.directory, 'pkixd.config.json')];
  const { out } = await program(server.directory, ['crl', 'list', '--json', ...config]);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { source: string }).source);
}

test('a large CRL of a trust anchor is stored at the start by one worker, a small one is not, and both count', async () => {
  const crl = bigCrl(root, 1);
  put('large.crl', crl.der);
  put('small.crl', createCrl(intermediate).der);
  await start();
  await until(
    () => stored('large.crl'),
    (count) => count > 0,
  );
  const { head, verdict } = await ask([createLeaf(intermediate), intermediate]);
  expect(head).toBe('valid OK');
  expect(verdict.revocation).toMatchObject([
    { source: crlPath('small.crl') },
    { source: crlPath('large.crl'), number: '1' },
  ]);
  expect(await headOf(listedIn(root, crl))).toBe('invalid REVOKED');
  expect(await sources()).toEqual([crlPath('large.crl')]);
  expect(stored('large.crl')).toBe(1);
});

test('one whose signer only requests bring counts at once, and is stored then', async () => {
  const crl = bigCrl(intermediate, 1);
  put('root.crl', createCrl(root).der);
  put('large.crl', crl.der);
  await start();
  expect(await headOf(listedIn(intermediate, crl), intermediate)).toBe('invalid REVOKED');
  expect(await headOf(createLeaf(intermediate), intermediate)).toBe('valid OK');
  await until(
    () => stored('large.crl'),
    (count) => count > 0,
  );
  expect(await headOf(listedIn(intermediate, crl), intermediate)).toBe('invalid REVOKED');
  expect(await sources()).toEqual([crlPath('large.crl')]);
});

test('a new version takes the place of the old one, and a file that is removed takes its CRL with it', async () => {
  const [one, two] = [bigCrl(root, 1), bigCrl(root, 2)];
  put('large.crl', one.der);
  await start();
  await until(
    () => stored('large.crl'),
    (count) => count === 1,
  );
  const leaf = listedIn(root, two);
  expect(await headOf(leaf)).toBe('valid OK');
  put('large.crl', two.der);
  await until(
    () => headOf(leaf),
    (head) => head === 'invalid REVOKED',
  );
  await until(
    () => stored('large.crl'),
    (count) => count === 2,
  );
  unlinkSync(crlPath('large.crl'));
  await until(
    () => headOf(leaf),
    (head) => head === 'indeterminate CRL_NONE',
  );
  await until(
    () => server.log,
    (log) => log.includes('a CRL went with its file'),
  );
  // One that goes while no server runs does so, too.
  put('large.crl', two.der);
  await until(
    () => headOf(leaf),
    (head) => head === 'invalid REVOKED',
  );
  await until(
    async () => {
      // A thread that did not look while the file was gone offers it again when it is asked, after half a minute at most.
      await headOf(leaf);
      return stored('large.crl');
    },
    (count) => count === 3,
  );
  server.process.kill('SIGTERM');
  await server.exited;
  unlinkSync(crlPath('large.crl'));
  await start(server.directory);
  await until(
    () => headOf(leaf),
    (head) => head === 'indeterminate CRL_NONE',
  );
});

test('what is broken or forged is named and counts for nothing, and the CRL before it serves on', async () => {
  const [one, two] = [bigCrl(root, 1), bigCrl(root, 2)];
  put('large.crl', one.der);
  await start();
  await until(
    () => stored('large.crl'),
    (count) => count === 1,
  );
  const forged = Uint8Array.from(two.der);
  forged[forged.length - 3]! ^= 1;
  put('large.crl', forged);
  put('cut.crl', two.der.subarray(0, 300_000));
  const [leaf, revoked] = [listedIn(root, two), listedIn(root, one)];
  await until(
    async () => [await headOf(leaf), server.log] as const,
    ([, log]) => log.includes('CRL_BAD_SIGNATURE') && log.includes('is left out'),
  );
  expect(server.log).toMatch(/was not stored.*large\.crl/);
  expect(server.log).toMatch(/cut\.crl is left out/);
  expect(await headOf(leaf)).toBe('valid OK');
  expect(await headOf(revoked)).toBe('invalid REVOKED');
});

test('an older large CRL beside a newer one still says what was so in its time', async () => {
  const [one, two] = [bigCrl(root, 1), bigCrl(root, 60)];
  put('new.crl', two.der);
  await start();
  await until(
    () => stored('new.crl'),
    (count) => count === 1,
  );
  put('old.crl', one.der);
  const at = new Date(Date.now() - 90 * 60_000).toISOString();
  const answer = await until(
    () => ask([createLeaf(root)], `at=${at}`),
    ({ head }) => head === 'valid OK',
  );
  expect(answer.verdict.revocation).toMatchObject([{ source: crlPath('old.crl'), number: '1' }]);
  expect((await ask([createLeaf(root)])).verdict.revocation).toMatchObject([{ source: crlPath('new.crl') }]);
  expect(await sources()).toEqual([crlPath('new.crl')]);
});
