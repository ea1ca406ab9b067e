import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extendedKeyUsage, keyUsage } from '../pki/extensions.js';
import { createCertificate, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { TestServer, withoutOptions } from './test-server.js';

const run = promisify(execFile);
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const folder = mkdtempSync(join(tmpdir(), 'pkixd-tls-commands-'));
const path = (name: string): string => join(folder, name);
let server: TestServer;
/** By the protocol that is spoken there. */
let addresses: Readonly<Record<string, string>>;

beforeAll(async () => {
  const root = createRoot();
  const leaf = createLeaf(root, { dns: ['localhost'], ip: [[127, 0, 0, 1]] });
  const extensions = [keyUsage('digitalSignature'), extendedKeyUsage(CLIENT_AUTH)];
  const client = createCertificate({ subject: 'client', issuer: root, extensions });
  const keyOf = ({ key }: Issued) => key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const files = {
    root: root.pem,
    leaf: leaf.pem,
    key: keyOf(leaf),
    cert: client.pem,
    'client-key': keyOf(client),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path(`${name}.pem`), text, { mode: 0o600 });
  const listener = (name: string, more: object) => ({
    name,
    address: 'tls://127.0.0.1:0',
    certificate: path('leaf.pem'),
    key: path('key.pem'),
    permits: ['revocation'],
    ...more,
  });
  server = await TestServer.startPatient({
    trust: { anchors: [path('root.pem')] },
    'workers.count': 1,
    moreListeners: [listener('open', {}), listener('closed', { clientCa: path('root.pem') })],
  });
  const { listeners } = await server.status();
  addresses = Object.fromEntries(listeners.map(({ name, address }) => [name, address]));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Exit code and everything that is printed. */
async function pkixd(...words: readonly string[]): Promise<readonly [number, string]> {
  const args = [join(process.cwd(), 'dist/cli/main.js'), ...words];
  const options = { cwd: folder, env: withoutOptions(process.env) };
  return run(process.execPath, args, options).then(
    ({ stdout, stderr }) => [0, stdout + stderr],
    ({ code, stdout, stderr }: ExecFileException & { stdout: string; stderr: string }) => [
      Number(code),
      stdout + stderr,
    ],
  );
}

const verify = async (listener: string, ...more: readonly string[]) =>
  pkixd('verify', 'leaf.pem', '--revocation', 'off', '--connect', addresses[listener] ?? '', ...more);
const SHOWN = ['--client-cert', 'cert.pem', '--client-key', 'client-key.pem'];

test('verify asks a TLS listener, whose certificate it checks with --server-ca', async () => {
  expect(await verify('open', '--server-ca', 'root.pem')).toEqual([
    0,
    expect.stringMatching(/^leaf\.pem: valid/),
  ]);
  const [code, said] = await verify('open');
  expect([code, said]).toEqual([69, expect.stringMatching(/UNREACHABLE|cannot be reached/)]);
  expect(said).toContain('--server-ca');
});

test('verify shows its certificate where the listener wants one', async () => {
  const ca = ['--server-ca', 'root.pem'];
  expect(await verify('closed', ...ca, ...SHOWN)).toEqual([0, expect.stringMatching(/^leaf\.pem: valid/)]);
  expect((await verify('closed', ...ca))[0]).toBe(69);
});

test('health asks a TLS listener, with a certificate where one is wanted', async () => {
  expect((await pkixd('health', '--connect', addresses['open'] ?? ''))[0]).toBe(0);
  expect((await pkixd('health', '--connect', addresses['closed'] ?? '', ...SHOWN))[0]).toBe(0);
  expect((await pkixd('health', '--connect', addresses['closed'] ?? ''))[0]).toBe(2);
});

test.each([
  ['a file that is missing', ['--server-ca', 'no.pem'], /--server-ca: .*no\.pem/],
  ['a file without a certificate', ['--server-ca', 'key.pem'], /--server-ca: /],
  ['a certificate without its key', ['--client-cert', 'cert.pem'], /client-key/],
  [
    'a key of another certificate',
    ['--client-cert', 'cert.pem', '--client-key', 'key.pem'],
    /--client-cert and --client-key: /,
  ],
])('%s is an error of the command line that names the flag', async (_, flags, message) => {
  expect(await verify('open', ...flags)).toEqual([64, expect.stringMatching(message)]);
});
