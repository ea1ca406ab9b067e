// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { demo, type Demo } from './demo.js';
import { BusyClient } from './busy-client.js';
import { alive, TestServer } from './test-server.js';
import { until } from '../until.js';

let pki: Demo;
let server: TestServer;
const SETTINGS = (): Record<string, unknown> => ({
  workers: { count: 2 },
  trust: { anchors: [pki.path('root.pem')] },
  crl: { directory: pki.path('crls') },
});

beforeEach(async () => {
  pki = demo();
  server = await TestServer.startPatient(SETTINGS());
});
afterEach(async () => {
  await server.stop();
  pki.remove();
});

test('kill -9 of a worker under 8 busy clients is felt by its own clients alone, and is mended', async () => {
  const clients = Array.from({ length: 8 }, () => new BusyClient(server, pki));
  await until(
    () => Math.min(...clients.map((client) => client.answered)),
    (least) => least > 20,
  );
  const before = await server.status();
  const victim = before.workers[0];
  if (!victim) throw new Error('no worker');
  const others = before.workers
    .slice(1)
    .reduce((sum, worker) => sum + (worker.statistics?.openConnections ?? 0), 0);
  process.kill(victim.pid, 'SIGKILL');
  // New connections are served all the while.
  for (let n = 0; n < 20; n++)
    expect(await server.talk(pki.verify('good', `id=${n}`))).toMatch(`${n} valid OK`);
  const after = await until(
    () => server.status(),
    ({ workers, restarts }) =>
      restarts === 1 && workers.filter(({ state }) => state === 'ready').length === 2,
  );
  const broken = clients.filter((client) => client.broken);
  expect(clients.length - broken.length).toBeGreaterThanOrEqual(others);
  expect(broken.length).toBeGreaterThan(0);
  for (const client of clients) await client.finish();
  expect(clients.flatMap((client) => client.wrong)).toEqual([]);
  expect(after.workers.map(({ pid }) => pid)).not.toContain(victim.pid);
  await until(
    () => server.log,
    (log) => /"level":"(warn|error)".*SIGKILL/.test(log),
  );
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s answers every request that was read whole, then exits 0',
  async (signal) => {
    const socket = server.connect('unix');
    const count = 500;
    socket.write(Array.from({ length: count }, (_, n) => pki.verify('good', `id=${n}`)).join(''));
    const answers: string[] = [];
    socket.on('data', (chunk: Buffer) => answers.push(chunk.toString()));
    await until(
      () => answers.length,
      (some) => some > 0,
    );
    const pids = await server.processes();
    server.process.kill(signal);
    await new Promise((resolve) => socket.once('close', resolve));
    const lines = answers.join('').split('\n').slice(0, -1);
    // What was read was answered in order and whole; a request that was never read has no answer at all.
    for (const [n, line] of lines.entries()) expect(line).toMatch(new RegExp(`^${n} valid OK \\{.*\\}$`));
    expect(await server.exited).toBe('0');
    expect(pids.filter((pid) => alive(pid))).toEqual([]);
  },
);

test('kill -9 of the primary leaves no process and no port, and the next start serves where the first did', async () => {
  const pids = await server.processes();
  expect(pids).toHaveLength(3);
  // Connections of clients who stay keep no port from the next server.
  const held = [server.connect('tcp'), server.connect('tcp'), server.connect('unix')];
  for (const socket of held) socket.on('error', () => undefined).write('PING\n');
  await Promise.all(held.map((socket) => once(socket, 'data')));
  const ended = Promise.all(held.map((socket) => once(socket, 'close')));
  server.process.kill('SIGKILL');
  await server.exited;
  await until(
    () => pids.filter((pid) => alive(pid)),
    (left) => left.length === 0,
  );
  await ended;
  await expect(server.talk('PING\n')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const again = await TestServer.startPatient(SETTINGS(), server.directory);
  try {
    expect(again.port).toBe(server.port);
    for (const kind of ['tcp', 'unix'] as const)
      expect(await again.talk(pki.verify('good', 'id=1'), kind)).toMatch(/^1 valid OK/);
  } finally {
    await again.stop();
  }
});

test('the next start after kill -9 of the primary does not wait for a worker that was stopped', async () => {
  const pids = await server.processes();
  const stopped = pids[1] ?? 0;
  process.kill(stopped, 'SIGSTOP');
  server.process.kill('SIGKILL');
  await server.exited;
  const again = await TestServer.startPatient(SETTINGS(), server.directory);
  try {
    expect(await again.talk(pki.verify('good', 'id=1'))).toMatch(/^1 valid OK/);
    expect(pids.filter((pid) => alive(pid))).toEqual([]);
    await until(
      () => again.log,
      (log) => log.includes('a worker outlived its primary; it is killed'),
    );
  } finally {
    await again.stop();
  }
});

test('a second server in the same folder is refused, and the first goes on', async () => {
  await expect(TestServer.startPatient(SETTINGS(), server.directory)).rejects.toThrow(
    /another pkixd runs on/,
  );
});

test('scale forks and drains', async () => {
  const ready = (count: number): Promise<unknown> =>
    until(
      () => server.status(),
      ({ workers }) => workers.length === count && workers.every(({ state }) => state === 'ready'),
    );
  await server.command({ command: 'scale', argument: 4 });
  await ready(4);
  await server.command({ command: 'scale', argument: 1 });
  await ready(1);
  expect(await server.talk(pki.verify('revoked', 'id=x'))).toMatch(/^x invalid REVOKED/);
});
