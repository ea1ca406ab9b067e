import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

let server: TestServer;
afterEach(() => server.stop());

function dumped(): Record<string, unknown>[] {
  // Nothing may be written yet.
  const lines = server.log.split('\n').filter((line) => line !== '');
  const records = lines.map((line): Record<string, unknown> => JSON.parse(line));
  return records.filter(({ message }) => String(message).startsWith('dump:'));
}

test('a dump writes statistics and connections whatever the level of the log', async () => {
  server = await TestServer.startPatient({ log: { level: 'error' }, workers: { count: 2 } });
  const client = server.connect();
  // Read together: with the answer both are known to have come.
  client.write('PING\nVERIFY id=half\n-----BEGIN CERTIFICATE-----\n');
  await once(client, 'data');
  await server.command({ command: 'dump' });
  const records = await until(
    dumped,
    (found) => found.filter(({ message }) => message === 'dump: done').length === 2,
  );
  expect(records).toContainEqual(
    expect.objectContaining({
      message: 'dump: status',
      fields: { status: expect.objectContaining({ state: 'running' }) },
    }),
  );
  const connections = records.filter(({ message }) => message === 'dump: connection');
  expect(connections).toEqual([
    expect.objectContaining({
      source: expect.stringMatching(/^worker \d$/),
      fields: expect.objectContaining({ listener: 'tcp', protocol: 'line', taken: 1, deadline: 'request' }),
    }),
  ]);
  client.destroy();
});

test('SIGUSR2 is the same without the control socket', async () => {
  server = await TestServer.startPatient({ workers: { count: 1 } });
  server.process.kill('SIGUSR2');
  await until(dumped, (found) => found.some(({ message }) => message === 'dump: done'));
});
