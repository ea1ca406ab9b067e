import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { bootId, identify } from '../../src/supervisor/host/process-identity.js';
import { asRoot } from '../component.js';
import { TestServer } from './server.js';

let server: TestServer;
afterEach(() => server.remove());

test('after kill -9 of the primary the next start is clean', async () => {
  server = new TestServer();
  await server.start();
  const before = await server.status();
  server.signal('SIGKILL');
  expect(await server.exit()).toBe('SIGKILL');
  expect(existsSync(server.path('listen.sock'))).toBe(true);
  await server.start();
  for (const { pid } of before.workers) expect(identify(pid)).toBeUndefined();
  const client = await server.connect('unix');
  expect(await client.ask('who')).toMatch(/^worker /);
  client.close();
});

test('workers that outlive a killed primary are killed by the next start', async () => {
  server = new TestServer({ '*': 'outlive' });
  await server.start();
  const before = await server.status();
  server.signal('SIGKILL');
  await server.exit();
  for (const { pid } of before.workers) expect(identify(pid)).toBeDefined();
  server.setModes({});
  await server.start();
  for (const { pid } of before.workers) expect(identify(pid)).toBeUndefined();
  const killed = () =>
    server.log.filter(({ message }) => message.startsWith('a worker outlived its primary'));
  await server.until(() => killed().length === before.workers.length, 'the log lines');
  expect(killed().map(({ fields }) => fields['workerPid'])).toEqual(before.workers.map(({ pid }) => pid));
});

test('a process that merely has the pid of an old worker is left alone', async () => {
  server = new TestServer();
  await server.start();
  server.signal('SIGKILL');
  await server.exit();
  const pidFile = server.path('run/pkixd.pid');
  writeFileSync(pidFile, `${readFileSync(pidFile, 'utf8')}${process.pid} 1\n`);
  await server.start();
  expect(server.log.filter(({ fields }) => fields['workerPid'] === process.pid)).toEqual([]);
});

test('a second instance on the same run directory is refused and harms nothing', async () => {
  server = new TestServer();
  await server.start();
  const first = server.primary;
  const second = server.launch();
  expect(await server.exit()).toBe(78);
  expect(server.output).toContain(`ALREADY_RUNNING: another pkixd runs on ${server.path('run/pkixd.pid')}`);
  expect(second.pid).not.toBe(first?.pid);
  expect((await server.status()).pid).toBe(first?.pid);
});

test('an address in use is named with the way out, and nothing is left open', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const bound = other.address();
  const port = typeof bound === 'object' ? bound?.port : 0;
  const rest = { permits: [], mode: 0o600, group: '', backlog: 1, protocol: 'line', tls: null };
  server = new TestServer();
  const config: Record<string, unknown> = JSON.parse(readFileSync(server.path('config.json'), 'utf8'));
  const listeners = [
    { ...rest, name: 'unix', address: { kind: 'unix', path: server.path('listen.sock') } },
    { ...rest, name: 'tcp', address: { kind: 'tcp', host: '127.0.0.1', port } },
  ];
  writeFileSync(server.path('config.json'), JSON.stringify({ ...config, listeners }));
  server.launch();
  expect(await server.exit()).toBe(78);
  expect(server.output).toContain(
    `ADDRESS_IN_USE: another process listens on tcp://127.0.0.1:${port}; stop it`,
  );
  for (const left of ['listen.sock', 'run/control.sock', 'run/pkixd.pid']) {
    expect(existsSync(server.path(left))).toBe(false);
  }
  other.close();
});

test('a live UNIX listener and a file that is no socket are never removed', async () => {
  server = new TestServer();
  const other = createServer().listen(server.path('listen.sock'));
  await once(other, 'listening');
  server.launch();
  expect(await server.exit()).toBe(78);
  expect(server.output).toContain('another process listens on unix:');
  other.close();
  await once(other, 'close');
  writeFileSync(server.path('listen.sock'), 'precious');
  server.launch();
  expect(await server.exit()).toBe(78);
  expect(server.output).toContain('NOT_A_SOCKET');
  expect(readFileSync(server.path('listen.sock'), 'utf8')).toBe('precious');
});

test('a log directory that cannot be written to is a clear error', async () => {
  server = new TestServer({}, { 'log.directory': '/dev/null/logs' });
  server.launch();
  expect(await server.exit()).toBe(78);
  expect(server.output).toContain('LOG_DIRECTORY: log.directory "/dev/null/logs" cannot be written to');
});

asRoot()(
  'root uses no directory that others may write to, and kills no process that a planted pid file names',
  async () => {
    const stranger = spawn('sleep', ['60'], { uid: 65_534, stdio: 'ignore' });
    try {
      server = new TestServer();
      mkdirSync(server.path('run'));
      const identity = identify(stranger.pid ?? 0);
      const planted = `1\nboot ${bootId()}\n1 1\n${identity?.pid} ${identity?.startTime}\n`;
      writeFileSync(server.path('run/pkixd.pid'), planted);
      chmodSync(server.path('run'), 0o777);
      server.launch();
      expect(await server.exit()).toBe(78);
      expect(server.output).toMatch(/RUN_DIRECTORY: run\.directory .* every user may write to it/);
      // Nor where the directory is its own by now.
      chmodSync(server.path('run'), 0o700);
      await server.start();
      expect(identify(stranger.pid ?? 0)).toEqual(identity);
      expect(server.log.some(({ message }) => /it is left alone/.test(message))).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
    }
  },
);

test('a link in the place of the log is not followed', async () => {
  server = new TestServer();
  mkdirSync(server.path('logs'));
  writeFileSync(server.path('precious'), 'precious');
  symlinkSync(server.path('precious'), server.path('logs/pkixd.log'));
  server.launch();
  expect(await server.exit()).toBe(78);
  expect(server.output).toMatch(/LOG_DIRECTORY: .*ELOOP/);
  expect(readFileSync(server.path('precious'), 'utf8')).toBe('precious');
});
