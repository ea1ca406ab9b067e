import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { createLeaf, createRoot } from '../pki/pki.js';
import { TestServer } from './server.js';

const folder = mkdtempSync(join(tmpdir(), 'pkixd-tls-'));
let server: TestServer;
afterEach(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

test('a TLS client that no worker can take hears it in the words of TLS', async () => {
  const { pem, key } = createLeaf(createRoot());
  const tls = {
    certificate: join(folder, 'server.pem'),
    key: join(folder, 'server.key'),
    clientCa: null,
    clientAuth: 'require',
  };
  writeFileSync(tls.certificate, pem);
  writeFileSync(tls.key, key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const address = { kind: 'tls', host: '127.0.0.1', port: 0 };
  const listener = {
    name: 'tls',
    address,
    permits: [],
    mode: 0o600,
    group: '',
    backlog: 16,
    protocol: 'line',
    tls,
  };
  server = new TestServer({ '*': 'never ready' }, { listeners: [listener], 'pending.max': 0 });
  server.launch();
  const status = (): Promise<string> => server.status().then(({ listeners }) => listeners[0]?.address ?? '');
  await server.until(async () => (await status().catch(() => '')) !== '', 'the listener');
  const client = connectTls({ host: '127.0.0.1', port: Number(new URL(await status()).port) });
  const [error] = (await once(client, 'error')) as [Error];
  expect(error.message).toMatch(/alert internal error/i);
});
