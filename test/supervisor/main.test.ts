import { afterEach, expect, test } from '@jest/globals';
import { type Modes, TestServer } from './server.js';

let server: TestServer;
afterEach(() => server.remove());

async function started(modes?: Modes, config?: Readonly<Record<string, unknown>>): Promise<TestServer> {
  server = new TestServer(modes, config);
  await server.start();
  return server;
}

test('connections over TCP and over a UNIX socket reach a worker', async () => {
  await started();
  for (const listener of ['tcp', 'unix'] as const) {
    const client = await server.connect(listener);
    expect(await client.ask('who')).toMatch(/^worker [12] \d+$/);
    client.close();
  }
  const { listeners } = await server.status();
  expect(listeners.map(({ accepted }) => accepted)).toEqual([1, 1]);
});
