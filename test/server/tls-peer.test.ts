import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Client } from '../../src/client/index.js';
import { demo, type Demo } from './demo.js';
import { TestServer } from './test-server.js';

let pki: Demo;
let server: TestServer;
let client: Client;
const open: (net.Socket | net.Server)[] = [];

beforeAll(async () => {
  pki = demo();
  server = await TestServer.startPatient({
    workers: { count: 1 },
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
  client = new Client(server.msgpack, { timeout: 60_000 });
});
afterEach(() => {
  for (const one of open.splice(0)) {
    if (one instanceof net.Server) one.close();
    else one.destroy();
  }
});
afterAll(async () => {
  await client.close();
  await server.stop();
  pki.remove();
});

/** Both ends of a TLS connection between a server with this leaf and a client that checks nothing itself. */
async function handshake(
  leaf: 'good' | 'revoked',
  options: tls.ConnectionOptions = {},
): Promise<{ readonly near: tls.TLSSocket; readonly far: tls.TLSSocket }> {
  const listener = tls.createServer({
    key: pki.key(leaf),
    cert: pki.chainPem(leaf),
    requestCert: true,
    rejectUnauthorized: false,
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as net.AddressInfo;
  const secured = once(listener, 'secureConnection');
  const near = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'leaf.example',
    rejectUnauthorized: false,
    ...options,
  });
  await once(near, 'secureConnect');
  const [far] = (await secured) as [tls.TLSSocket];
  far.on('error', () => undefined);
  open.push(near, far, listener);
  return { near, far };
}

test.each([
  ['good', 'OK'],
  ['revoked', 'REVOKED'],
] as const)(
  'the chain that a server sent is checked for the name that was asked for: %s',
  async (leaf, code) => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { near } = await handshake(leaf, { minVersion: version, maxVersion: version });
      const verdict = await client.checkPeer(near);
      expect(verdict).toMatchObject({ code, path: { length: 3 } });
    }
  },
);

test('a host that is given goes over the one of the connection, and an IP address is one too', async () => {
  const { near } = await handshake('good');
  expect(await client.checkPeer(near, { host: 'leaf.example' })).toMatchObject({ code: 'OK' });
  expect(await client.checkPeer(near, { host: 'other.example' })).toMatchObject({ code: 'PEER_NAME' });
  expect(await client.checkPeer(near, { host: '127.0.0.1' })).toMatchObject({ code: 'PEER_NAME' });
});

test('without a name to expect nothing is asked', async () => {
  const { near } = await handshake('good', { servername: '' });
  await expect(client.checkPeer(near)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});

test('a server checks its client by purpose: a certificate for servers is not for clients', async () => {
  const { far } = await handshake('good', { key: pki.key('good'), cert: pki.chainPem('good') });
  expect(await client.checkPeer(far, { purpose: 'clientAuth' })).toMatchObject({
    status: 'invalid',
    code: 'PURPOSE',
  });
  expect(await client.checkPeer(far, { host: 'leaf.example' })).toMatchObject({ code: 'OK' });
});

test('a client without a certificate has none to check', async () => {
  const { far } = await handshake('good');
  await expect(client.checkPeer(far, { purpose: 'clientAuth' })).rejects.toMatchObject({
    code: 'NO_PEER_CERTIFICATE',
  });
});
