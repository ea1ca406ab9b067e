import net from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { withComponent } from '../component.js';
import { until } from '../until.js';
import { readAll, TestServer } from './test-server.js';

/** Descriptors that each process of the server may have, and more clients than that. */
const LIMIT = 128;
const CLIENTS = 600;

const testWith = withComponent('prlimit');
let server: TestServer;

beforeAll(async () => {
  const within = ['prlimit', `--nofile=${LIMIT}:${LIMIT}`];
  const settings = { 'workers.count': 1, 'pending.maxWait': '60s', 'probe.interval': 0 };
  server = await TestServer.start(settings, undefined, undefined, within);
});
afterAll(async () => {
  await server.stop();
});

testWith(
  'clients beyond the descriptors of the primary get BUSY and are counted, and the server goes on',
  async () => {
    const refused = async () => (await server.status()).listeners[0];
    const answers: Promise<string>[] = [];
    const sockets: net.Socket[] = [];
    for (let wave = 0; wave < CLIENTS; wave += 100) {
      // No more at once than wait in the backlog: the kernel leaves a client open that found no place there.
      const clients = Array.from({ length: 100 }, () => net.connect(server.port, '127.0.0.1'));
      for (const client of clients) client.on('error', () => undefined);
      sockets.push(...clients);
      answers.push(...clients.map(readAll));
      await Promise.all(clients.map(async (client) => once(client, 'connect')));
    }
    await until(refused, (listener) => listener?.accepted === CLIENTS);
    const { refusedFor = {} } = (await refused()) ?? {};
    expect(Object.keys(refusedFor)).toEqual(['descriptors']);
    for (const socket of sockets) socket.end();
    const texts = await Promise.all(answers.map(async (answer) => answer.catch(() => 'reset')));
    // All that have no place, and they alone.
    const busy = refusedFor['descriptors'] ?? 0;
    expect(busy).toBeGreaterThan(CLIENTS - 2 * LIMIT);
    expect(texts.filter((text) => text.startsWith('- error BUSY '))).toHaveLength(busy);
    expect(texts.filter((text) => text === '')).toHaveLength(CLIENTS - busy);
    expect(server.log).toMatch(/too few file descriptors; raise its limit/);
    expect(await server.talk('PING\n')).toBe('PONG\n');
  },
);
