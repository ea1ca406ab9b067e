import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeAll, afterAll, expect, test as always } from '@jest/globals';
import { RedisConnection } from '../../../src/crl/share/redis-connection.js';
import { parseRedisUrl } from '../../../src/config/redis-url.js';
import { Logger, type LogRecord } from '../../../src/log.js';
import { withComponent } from '../../component.js';
import { createLeaf, createRoot } from '../../pki/pki.js';
import { RedisProcess } from './redis-process.js';
import { until } from '../../until.js';
import { freePort } from '../../free-port.js';

const test = withComponent('redis-server');

let folder: string;
const open: { close(): unknown }[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-redis-connection-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

function connect(url: string, timeout: number, ca?: string) {
  const records: LogRecord[] = [];
  const log = new Logger('debug', 'test', (record) => void records.push(record));
  const secureContext = createSecureContext(ca === undefined ? {} : { ca });
  const address = parseRedisUrl(url)!;
  const connection = new RedisConnection({ address, secureContext, timeout, purpose: 'tests', log });
  open.push(connection);
  return { connection, records };
}

async function redisWith(...options: readonly string[]): Promise<RedisProcess> {
  const redis = await RedisProcess.start(...options);
  open.push({ close: () => redis.stop() });
  return redis;
}

/** What is no Redis, at a socket. */
async function fakeServer(serve: (socket: Socket) => void): Promise<string> {
  const path = join(folder, `${open.length}.sock`);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return `unix:${path}`;
}

test('with its password it is let in; with another the log says so, and not which', async () => {
  const redis = await redisWith('--requirepass', 'open-sesame');
  const { connection, records } = connect(`${redis.url}?password=open-sesame`, 60_000);
  await connection.up(60_000);
  expect(await connection.run((client) => client.ping())).toBe('PONG');
  const wrong = connect(`${redis.url}?password=hunter2`, 60_000);
  await until(
    () => wrong.records,
    (lines) => lines.some(({ level }) => level === 'warn'),
  );
  expect(wrong.connection.isUp).toBe(false);
  const log = JSON.stringify([...records, ...wrong.records]);
  expect(log).toContain('WRONGPASS');
  expect(log).not.toMatch(/sesame|hunter/);
});

test('over TLS its certificate is checked', async () => {
  const root = createRoot();
  const leaf = createLeaf(root, { dns: ['localhost'] });
  const key = leaf.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const files = { 'key.pem': key, 'cert.pem': leaf.pem, 'ca.pem': root.pem };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const port = await freePort();
  const options = {
    'tls-port': String(port),
    'tls-auth-clients': 'no',
    bind: '127.0.0.1',
    'tls-key-file': join(folder, 'key.pem'),
    'tls-cert-file': join(folder, 'cert.pem'),
    'tls-ca-cert-file': join(folder, 'ca.pem'),
  };
  await redisWith(...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]));
  const trusting = connect(`rediss://localhost:${port}`, 60_000, root.pem);
  await trusting.connection.up(60_000);
  expect(await trusting.connection.run((client) => client.ping())).toBe('PONG');
  const other = connect(`rediss://localhost:${port}`, 60_000);
  await until(
    () => other.records,
    (lines) => lines.some(({ level }) => level === 'warn'),
  );
  expect(other.connection.isUp).toBe(false);
});

always('one that accepts and says nothing is never up, and nobody waits for it', async () => {
  const { connection, records } = connect(await fakeServer(() => undefined), 100);
  await connection.up(300);
  expect(connection.isUp).toBe(false);
  expect(await connection.run((client) => client.ping())).toBeUndefined();
  await until(
    () => records,
    (lines) => lines.some(({ level }) => level === 'warn'),
  );
});

always('one that answers without end is left, and what it sent is not gathered', async () => {
  let poured = 0;
  const url = await fakeServer((socket) => {
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1').toLowerCase();
      if (text.includes('setname')) socket.write('+OK\r\n');
      if (text.includes('info')) socket.write('$14\r\nredis_mode:s\r\n\r\n');
      if (!text.includes('get')) return;
      socket.write('$500000000\r\n');
      const block = Buffer.alloc(1024 * 1024);
      const pour = (): void => {
        while (!socket.destroyed && poured < 500 && socket.write(block)) poured++;
        if (!socket.destroyed) socket.once('drain', pour);
      };
      pour();
    });
  });
  const { connection, records } = connect(url, 60_000);
  await connection.up(60_000);
  expect(connection.isUp).toBe(true);
  expect(await connection.run((client) => client.get('key'))).toBeUndefined();
  expect(poured).toBeLessThan(100);
  expect(JSON.stringify(records)).toContain('more than was asked for');
});

always('repeated trouble is one line', async () => {
  const { connection, records } = connect(await fakeServer((socket) => socket.destroy()), 60_000);
  await until(
    () => connection.errors,
    (errors) => errors >= 3,
  );
  expect(records.filter(({ level }) => level === 'warn')).toHaveLength(1);
});
