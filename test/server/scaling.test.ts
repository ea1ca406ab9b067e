// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client } from '../../src/client/index.js';
import type { ServerStatus } from '../../src/wire/control.js';
import { demo, type Demo } from './demo.js';
import { LongClient } from './long-client.js';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

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

const SETTINGS = (): Record<string, unknown> => ({
  workers: { count: 1, scaling: 'auto', min: 1, max: 3, pingInterval: 200 },
  // Every request is the same one: kept answers would be no load.
  cache: { max: 0 },
  trust: { anchors: [pki.path('root.pem')] },
  crl: { directory: pki.path('crls') },
});

/** Three workers, each with two or three of the eight. */
function spread(): Promise<ServerStatus> {
  return until(
    () => server.status(),
    ({ workers }) => {
      const active = workers.map(({ statistics }) => statistics?.activeConnections ?? 0);
      return workers.length === 3 && Math.min(...active) >= 2 && Math.max(...active) <= 3;
    },
    90_000,
  );
}

test('under load workers are added, and eight long-lived connections spread over them without losing a request', async () => {
  server = await TestServer.start(SETTINGS());
  const request = pki.verify('good', 'id=long');
  clients = Array.from(
    { length: 8 },
    () => new LongClient(server, request, (answer) => answer.startsWith('long valid OK ')),
  );
  expect(await spread()).toMatchObject({ scale: 3, scaling: 'auto', restarts: 0 });
  expect(clients.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(clients.map(({ lost }) => lost)).toEqual(Array(8).fill(0));
  // Clients have moved to new connections.
  const moves = clients.reduce((sum, { connections }) => sum + connections - 1, 0);
  expect(moves).toBeGreaterThanOrEqual(5);
  expect(server.log).toMatch(/"message":"workers are scaled".*"from":1,"to":2/);
});

test('eight clients of the msgpack protocol with one connection each are sent to the added workers by GOAWAY, and no call fails', async () => {
  server = await TestServer.start(SETTINGS());
  const programs = Array.from(
    { length: 8 },
    () => new Client(server.msgpack, { maxConnections: 1, timeout: 60_000 }),
  );
  const outcomes = new Map<string, number>();
  const over = new AbortController();
  const lane = async (client: Client): Promise<void> => {
    while (!over.signal.aborted) {
      const outcome = await client
        .verify({ certificates: pki.chain('good') })
        .then(({ code }) => code, String);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  const lanes = programs.flatMap((client) => [lane(client), lane(client)]);
  const status = await spread().finally(() => over.abort());
  await Promise.all(lanes);
  await Promise.all(programs.map((client) => client.close()));
  expect(status).toMatchObject({ scale: 3, scaling: 'auto', restarts: 0 });
  expect([...outcomes.keys()]).toEqual(['OK']);
});
