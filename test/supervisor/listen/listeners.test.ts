import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import type { ListenerConfig } from '../../../src/config/config.js';
import { Logger } from '../../../src/log.js';
import { closeListeners, openListeners } from '../../../src/supervisor/listen/listeners.js';
import { until } from '../../until.js';

const REST = { permits: [], mode: 0o600, group: '', backlog: 128, protocol: 'line', tls: null } as const;

test('who connects to a socket that was passed in is taken, however long another listener takes to open', async () => {
  const passed = createServer().listen(0, '127.0.0.1');
  await once(passed, 'listening');
  const { port } = passed.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  const own: ListenerConfig = { ...REST, name: 'own', address: { kind: 'tcp', host: 'localhost', port: 0 } };
  const theirs: ListenerConfig = {
    ...REST,
    name: 'passed',
    address: { kind: 'tcp', host: '127.0.0.1', port },
  };
  const taken: string[] = [];
  // The name of `own` is not found before the client is taken.
  const look = dns.lookup.bind(dns);
  const lookup = jest.spyOn(dns, 'lookup').mockImplementation((...args: Parameters<typeof look>) => {
    void until(
      () => taken,
      () => taken.length > 0,
    ).finally(() => look(...args));
  });
  const listeners = await openListeners(
    [own, theirs],
    (handle, { config }) => {
      taken.push(config.name);
      handle.close();
    },
    new Logger('error', 'test', () => undefined),
    { take: ({ name }) => (name === 'passed' ? passed : undefined) },
  );
  lookup.mockRestore();
  expect(taken).toEqual(['passed']);
  expect(listeners.map(({ config }) => config.name)).toEqual(['own', 'passed']);
  client.destroy();
  closeListeners(listeners);
});
