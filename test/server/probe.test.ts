import { afterEach, expect, test } from '@jest/globals';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

let server: TestServer;
afterEach(() => server.stop());

test('every listener of the product answers the probe in its own protocol', async () => {
  server = await TestServer.startPatient({ 'probe.interval': '100ms' });
  const { listeners } = await until(
    () => server.status(),
    (status) => status.listeners.every(({ probe }) => probe !== null && probe.failure === null),
  );
  expect(new Set(listeners.map(({ protocol }) => protocol))).toEqual(new Set(['line', 'msgpack']));
});
