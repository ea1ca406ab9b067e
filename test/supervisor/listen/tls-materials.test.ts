import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readTlsMaterials } from '../../../src/supervisor/listen/tls-materials.js';
import { createLeaf, createRoot, type Issued } from '../../pki/pki.js';
import { fakeListener } from '../fake-listener.js';

const folder = mkdtempSync(join(tmpdir(), 'pkixd-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

const root = createRoot();
const files = {
  certificate: write('server.pem', createLeaf(root).pem),
  otherKey: write('other.key', pemOfKey(createLeaf(root))),
  noPem: write('no.pem', 'what is this?'),
};

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function pemOfKey({ key }: Issued): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function read(certificate: string, key: string): unknown {
  const { config } = fakeListener('front');
  return readTlsMaterials([
    { ...config, tls: { certificate, key, clientCa: null, clientAuth: 'require', clientRevocation: 'off' } },
  ]);
}

test.each([
  [
    "a key of another certificate's",
    files.certificate,
    files.otherKey,
    /"front".*server\.pem and .*other\.key/,
  ],
  ['a file that is no PEM', files.noPem, files.otherKey, /"front".*no\.pem and .*other\.key/],
  ['a file that is not there', files.certificate, join(folder, 'absent'), /"front".*ENOENT.*absent/],
])('%s is told with the listener and the files', (_, certificate, key, message) => {
  expect(() => read(certificate, key)).toThrow(message);
});

test('listeners without TLS need no files', () => {
  expect(readTlsMaterials([fakeListener('plain').config])).toEqual([]);
});
