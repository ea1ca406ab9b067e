import { afterEach, expect, test } from '@jest/globals';
import { TestServer } from './test-server.js';

let server: TestServer;
afterEach(() => server.stop());

test('a server whose output nobody reads any more goes on serving and drains as ever', async () => {
  server = await TestServer.startPatient({ 'log.level': 'debug' });
  server.process.stdout?.destroy();
  for (let n = 0; n < 20; n++) expect(await server.talk('PING\n')).toBe('PONG\n');
  // This one logs in the primary itself, whose write it is that fails.
  await server.command({ command: 'scale', argument: 1 });
  expect(await server.talk('PING\n')).toBe('PONG\n');
  server.process.kill('SIGTERM');
  expect(await server.exited).toBe('0');
  expect(server.log).toContain('stopped');
});
