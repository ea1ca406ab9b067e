// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '../../src/client/index.js';
import { OID } from '../../src/x509/oid.js';
import { crlNumber, extendedKeyUsage, keyUsage } from '../pki/extensions.js';
import {
  createCertificate,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  type Issued,
} from '../pki/pki.js';
import { readAll, TestServer } from './test-server.js';
import { until } from '../until.js';

/** The engine is asked about the clients of a listener, at each of their connections. */
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const LISTENERS = ['hard', 'soft'] as const;

const root = createRoot();
const ca = createIntermediate(root, { subject: 'Client CA' });
/** It publishes no CRL. */
const silent = createRoot({ subject: 'Silent Root' });
const good = clientOf(ca);
const revoked = clientOf(ca);
const later = clientOf(ca);
const unknown = clientOf(silent);

let folder: string;
let server: TestServer;

function clientOf(issuer: Issued): Issued {
  const extensions = [keyUsage('digitalSignature'), extendedKeyUsage(OID.clientAuth)];
  return createCertificate({ subject: 'client', issuer, extensions });
}

const keyPem = ({ key }: Issued): string =>
  key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Atomically, as a CA's own software does. */
function publish(number: number, ...clients: readonly Issued[]): void {
  const list = createCrl(ca, {
    revoked: clients.map(({ serial }) => ({ serial })),
    extensions: [crlNumber(number)],
    thisUpdate: new Date(Date.now() - 60_000 + number * 1000),
  });
  writeFileSync(join(folder, 'next'), list.pem);
  renameSync(join(folder, 'next'), join(folder, 'crls', 'ca.crl'));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-clients-'));
  mkdirSync(join(folder, 'crls'));
  writeFileSync(join(folder, 'crls', 'root.crl'), createCrl(root).pem);
  publish(1, revoked);
  const leaf = createLeaf(root, { ip: [[127, 0, 0, 1]] });
  writeFileSync(join(folder, 'clients.pem'), root.pem + silent.pem);
  writeFileSync(join(folder, 'server.pem'), leaf.pem);
  writeFileSync(join(folder, 'server.key'), keyPem(leaf), { mode: 0o600 });
  const fields = {
    address: 'tls://127.0.0.1:0',
    certificate: join(folder, 'server.pem'),
    key: join(folder, 'server.key'),
    clientCa: join(folder, 'clients.pem'),
  };
  server = await TestServer.startPatient({
    workers: { count: 1 },
    // Each thread looks into the folder of CRLs by itself.
    threads: { count: 1 },
    crl: { directory: join(folder, 'crls'), rescan: '1s' },
    moreListeners: [
      ...LISTENERS.map((name) => ({ ...fields, name, clientRevocation: name })),
      { ...fields, name: 'requested', clientAuth: 'request', clientRevocation: 'hard' },
      { ...fields, name: 'msgpack-hard', protocol: 'msgpack', clientRevocation: 'hard' },
    ],
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function portOf(of: string): Promise<number> {
  const { listeners } = await server.status();
  return Number(new URL(listeners.find(({ name }) => name === of)?.address ?? '').port);
}

const as = (who: Issued): ConnectionOptions => ({
  cert: who === unknown ? who.pem : who.pem + ca.pem,
  key: keyPem(who),
});

async function connect(of: string, options: ConnectionOptions): Promise<TLSSocket> {
  return tls.connect({ host: '127.0.0.1', port: await portOf(of), ca: root.pem, ...options });
}

/** Whether a request is answered; nothing but the answer ever comes. */
async function isServed(of: string, options: ConnectionOptions): Promise<boolean> {
  const socket = await connect(of, options);
  socket.end('PING\n');
  const answer = await readAll(socket).catch(() => '');
  expect(['PONG\n', '']).toContain(answer);
  return answer !== '';
}

const refusedSoFar = async (): Promise<number> =>
  (await server.status()).workers[0]?.statistics?.failedHandshakes ?? 0;

describe.each(VERSIONS)('over %s', (version) => {
  const versions = { minVersion: version, maxVersion: version } as const;

  test.each(LISTENERS)('with %s a good client is served, a revoked one is not', async (listener) => {
    expect(await isServed(listener, { ...versions, ...as(good) })).toBe(true);
    const before = await refusedSoFar();
    expect(await isServed(listener, { ...versions, ...as(revoked) })).toBe(false);
    await until(refusedSoFar, (count) => count > before);
  });

  test('a client of which nothing is known is served with soft, not with hard', async () => {
    expect(await isServed('hard', { ...versions, ...as(unknown) })).toBe(false);
    expect(await isServed('soft', { ...versions, ...as(unknown) })).toBe(true);
  });

  test('where a certificate is requested a client without one is served, a revoked one is not', async () => {
    expect(await isServed('requested', versions)).toBe(true);
    expect(await isServed('requested', { ...versions, ...as(revoked) })).toBe(false);
  });

  test('a client is asked about again when it comes back with the session of a visit before', async () => {
    publish(10 * VERSIONS.indexOf(version) + 2, revoked);
    // The server looks into the folder again after a while.
    await until(async () => isServed('hard', { ...versions, ...as(later) }));
    const socket = await connect('hard', { ...versions, ...as(later) });
    const sessions: Buffer[] = [];
    socket.on('session', (session: Buffer) => sessions.push(session));
    await once(socket, 'secureConnect');
    const own = socket.getSession();
    socket.end('PING\n');
    expect(await readAll(socket)).toBe('PONG\n');
    publish(10 * VERSIONS.indexOf(version) + 3, revoked, later);
    const session = sessions.at(-1) ?? own;
    const options = { ...versions, ...as(later), ...(session && { session }) };
    await until(
      () => isServed('hard', options),
      (served) => !served,
    );
    expect(await isServed('hard', options)).toBe(false);
  });
});

test('the msgpack protocol is no way round it', async () => {
  const codeFor = async (who: Issued): Promise<string> => {
    const { cert } = as(who);
    const client = new Client(`tls://127.0.0.1:${await portOf('msgpack-hard')}`, {
      failFast: true,
      timeout: 60_000,
      connectTimeout: 60_000,
      tls: { ca: root.pem, cert: String(cert), key: keyPem(who) },
    });
    try {
      return await client.verify({ certificates: root.der }).then(
        ({ code }) => code,
        () => 'not served',
      );
    } finally {
      await client.close();
    }
  };
  expect(await codeFor(good)).not.toBe('not served');
  expect(await codeFor(revoked)).toBe('not served');
});

test('no request can name what clients are verified with', async () => {
  const socket = await connect('hard', as(good));
  socket.end(`VERIFY profile=hard\n${good.pem}${ca.pem}.\n`);
  expect(await readAll(socket)).toMatch(/UNKNOWN_PROFILE/);
});
