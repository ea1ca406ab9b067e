import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { demo, type Demo } from './demo.js';
import { LongClient } from './long-client.js';
import { TestServer, until } from './test-server.js';

let pki: Demo;
let server: TestServer;
let clients: LongClient[] = [];

beforeEach(() => {
  pki = demo();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.stop();
  await server.stop();
  pki.remove();
});

test('under load workers are added, and eight long-lived connections spread over them without losing a request', async () => {
  server = await TestServer.start({
    workers: { count: 1, scaling: 'auto', min: 1, max: 3, pingInterval: 200 },
    // Every request is the same one: kept answers would be no load.
    cache: { max: 0 },
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
  const request = pki.verify('good', 'id=long');
  clients = Array.from(
    { length: 8 },
    () => new LongClient(server, request, (answer) => answer.startsWith('long valid OK ')),
  );
  const status = await until(
    () => server.status(),
    ({ workers }) => {
      const active = workers.map(({ statistics }) => statistics?.activeConnections ?? 0);
      return workers.length === 3 && Math.min(...active) >= 2 && Math.max(...active) <= 3;
    },
    90_000,
  );
  expect(status).toMatchObject({ scale: 3, scaling: 'auto', restarts: 0 });
  expect(clients.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(clients.map(({ lost }) => lost)).toEqual(Array(8).fill(0));
  // Each moved at least once had a new connection; nobody was thrown about.
  const moves = clients.reduce((sum, { connections }) => sum + connections - 1, 0);
  expect(moves).toBeGreaterThanOrEqual(5);
  expect(server.log).toMatch(/"message":"workers are scaled".*"from":1,"to":2/);
}, 120_000);
