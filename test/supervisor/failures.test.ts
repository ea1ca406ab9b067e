import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { ServerStatus } from '../../src/wire/control.js';
import { withShortTime } from '../short-time.js';
import { type Modes, TestServer } from './server.js';

let server: TestServer;
afterEach(() => server.remove());

async function started(modes?: Modes, config?: Readonly<Record<string, unknown>>): Promise<void> {
  server = new TestServer(modes, config);
  await server.start();
}

/** With workers that are dead when they were silent for so long. */
async function withPingTimeout(
  milliseconds: number,
  config: Readonly<Record<string, unknown>>,
  body: (milliseconds: number) => Promise<void>,
): Promise<void> {
  await withShortTime(milliseconds, async (pingTimeout) => {
    try {
      await started({}, { ...config, 'workers.pingTimeout': pingTimeout });
      await body(pingTimeout);
    } finally {
      await server.remove();
    }
  });
}

test.each(['tcp', 'unix'] as const)(
  'connections over %s waiting at a killed worker are served by another',
  async (listener) => {
    await started({ '1': 'never acknowledge' }, { 'handover.timeout': 60_000 });
    const clients = await Promise.all(Array.from({ length: 8 }, () => server.connect(listener)));
    for (const client of clients) client.send('who');
    const { workers } = await server.statusWhere(
      ({ listeners }) => listeners.some(({ accepted }) => accepted === clients.length),
      'all accepted',
    );
    process.kill(workers.find(({ worker }) => worker === 1)?.pid ?? 0, 'SIGKILL');
    const answers = await Promise.all(clients.map((client) => client.line()));
    for (const answer of answers) expect(answer).toMatch(/^worker [23] /);
    const after = await server.statusWhere(
      (status) => status.workers.filter(({ state }) => state === 'ready').length === 2,
      'a replacement',
    );
    expect(after).toMatchObject({ restarts: 1, state: 'running', pending: 0 });
    for (const client of clients) client.close();
  },
);

test('clients of other workers see nothing of a worker that is killed', async () => {
  await started();
  const clients = [await server.connect('tcp'), await server.connect('tcp')];
  const [first, second] = [await clients[0]?.ask('who'), await clients[1]?.ask('who')];
  expect(first).not.toBe(second);
  clients[0]?.send('die');
  expect(await clients[0]?.line()).toBeNull();
  expect(await clients[1]?.ask('who')).toBe(second);
  for (const client of clients) client.close();
});

test('a worker that refuses every connection leaves them to the other', async () => {
  await started({ '1': 'refuse' });
  for (let n = 0; n < 10; n++) {
    const client = await server.connect(n % 2 ? 'tcp' : 'unix');
    expect(await client.ask('who')).toMatch(/^worker 2 /);
    client.close();
  }
});

test('connections that a worker never acknowledges are taken back and served by the other', async () => {
  await started({ '1': 'never acknowledge' }, { 'handover.timeout': 100 });
  const clients = await Promise.all(Array.from({ length: 10 }, () => server.connect('tcp')));
  const answers = await Promise.all(clients.map((client) => client.ask('who')));
  for (const answer of answers) expect(answer).toMatch(/^worker 2 /);
  expect((await server.status()).restarts).toBe(0);
  for (const client of clients) client.close();
});

test('a handle lost on its way is noticed by the gap and given to another worker', async () => {
  await started({ '*': 'lose first' }, { 'workers.count': 1, 'handover.timeout': 60_000 });
  const { listeners } = await server.status();
  // Both are in the kernel before the primary accepts one: after a pause the worker would get no second one.
  server.signal('SIGSTOP');
  const clients = [0, 1].map(() => server.connectTo(listeners[0]?.address ?? ''));
  await Promise.all(
    clients.map(async ({ socket }) => socket.readyState === 'open' || (await once(socket, 'connect'))),
  );
  server.signal('SIGCONT');
  const answers = await Promise.all(clients.map(async (client) => client.ask('who')));
  for (const answer of answers) expect(answer).toMatch(/^worker 1 /);
  for (const client of clients) client.close();
});

test('a worker that blocks its loop is killed, replaced, and what waited at it is served', async () => {
  await withPingTimeout(500, { 'handover.timeout': 100 }, async () => {
    const poison = await server.connect('tcp');
    const victim = await poison.ask('who');
    poison.send('block');
    const others = await Promise.all(Array.from({ length: 6 }, () => server.connect('unix')));
    const answers = await Promise.all(others.map((client) => client.ask('who')));
    for (const answer of answers) expect(answer).toMatch(/^worker /);
    for (const answer of answers) expect(answer).not.toBe(victim);
    expect(await poison.line()).toBeNull();
    const status = await server.statusWhere(
      ({ workers, restarts }) => restarts > 0 && workers.every(({ state }) => state === 'ready'),
      'the replacement',
    );
    expect(status.restarts).toBe(1);
    expect(status.workers).toHaveLength(2);
    for (const client of others) client.close();
  });
});

test('a worker that sends garbage is killed, and the server calls itself degraded when that goes on', async () => {
  await startedDegraded('garbage');
});

test('workers that crash at boot make the server degraded; clients get BUSY until one stays', async () => {
  await startedDegraded('crash');
  const early = await server.connect('tcp');
  expect(await early.line()).toBe('BUSY line 1000');
  expect(await early.line()).toBeNull();
  const refusal = server.log.find(({ message }) => message.startsWith('clients are refused with BUSY'));
  expect(refusal?.fields).toMatchObject({ limit: 'pending.maxWait', ready: 0 });

  const waiting = await server.connect('unix');
  waiting.send('who');
  server.setModes({});
  expect((await server.command({ command: 'scale', argument: 2 })).ok).toBe(true);
  // Or another, where the worker takes longer than the first may wait.
  let answer = await waiting.line();
  while (answer === 'BUSY line 1000') answer = await (await server.connect('unix')).ask('who');
  expect(answer).toMatch(/^worker \d+ /);
  await server.statusWhere(({ state }) => state === 'running', 'the end of the degraded state');
});

test('workers that die at boot of the same cause are one line of the log, which names it', async () => {
  await startedDegraded('throw');
  const { replaced, restarts } = await server.status();
  expect(restarts).toBeGreaterThan(2);
  expect(replaced.at(-1)?.why).toBe('it exited with code 1: TypeError: the worker has no legs');
  const told = server.log.filter(({ fields }) => JSON.stringify(fields ?? {}).includes('no legs'));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({
    message: 'worker died before it was ready',
    fields: { output: expect.stringMatching(/^ +at .*worker-entry\.mjs/m) },
  });
  expect(server.log.filter(({ source, level }) => source.startsWith('worker ') && level !== 'info')).toEqual(
    [],
  );
});

test('workers that crash right after they got ready are waited for longer and longer, until one stays', async () => {
  await startedDegraded('crash when ready');
  const { replaced } = await server.status();
  expect(replaced.at(-1)?.why).toBe('it exited with code 4');
  await server.until(
    () => server.log.some(({ message }) => message === 'workers die early; the next attempt waits'),
    'the log line',
  );
  server.setModes({});
  await server.command({ command: 'scale', argument: 2 });
  await server.statusWhere(
    ({ state, workers }) =>
      state === 'running' && workers.length === 2 && workers.every((worker) => worker.state === 'ready'),
    'the end of it',
  );
});

test('a stopped worker (SIGSTOP) is killed and replaced, as status and log say', async () => {
  await withPingTimeout(500, {}, async (pingTimeout) => {
    const { workers } = await server.status();
    const victim = workers[0]?.pid ?? 0;
    process.kill(victim, 'SIGSTOP');
    const after = await server.statusWhere(
      (status) => status.restarts > 0 && status.workers.every(({ state }) => state === 'ready'),
      'the replacement',
    );
    const why = `silent for longer than workers.pingTimeout = ${pingTimeout} ms`;
    expect(after.replaced).toEqual([{ worker: 1, pid: victim, ago: expect.any(Number), why }]);
    expect(after.workers.map(({ pid }) => pid)).not.toContain(victim);
    const death = () => server.log.find(({ message }) => message === 'worker died');
    await server.until(() => death() !== undefined, 'the log line');
    expect(death()?.fields).toMatchObject({ worker: 1, signal: 'SIGKILL', reason: why });
  });
});

test('a worker that leaks memory is replaced, and answers until its successor is ready', async () => {
  await started({}, { 'workers.count': 1, 'workers.maxRss': 200 * 1024 ** 2 });
  const client = await server.connect('tcp');
  expect(await client.ask('leak')).toMatch(/^worker 1 /);
  const { replaced } = await server.statusWhere(
    ({ workers }) => workers.length === 1 && workers[0]?.worker === 2,
    'worker 2 alone',
  );
  expect(replaced[0]?.why).toMatch(/^its anonymous memory \(\d+KiB\) is beyond workers\.maxRss \(200MiB\)$/);
  const warnings = () => server.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
  await server.until(() => warnings().length > 0, 'the warning');
  expect(warnings()).toEqual(['a worker is replaced']);
});

test('a primary that was itself stopped for longer than workers.pingTimeout blames no worker for it', async () => {
  await withPingTimeout(400, {}, async (pingTimeout) => {
    const before = await server.status();
    server.signal('SIGSTOP');
    await delay(pingTimeout + 1100);
    server.signal('SIGCONT');
    const after = await pongs(pingTimeout);
    expect(after.workers.map(({ pid }) => pid)).toEqual(before.workers.map(({ pid }) => pid));
  });
});

test('a machine that was suspended, workers and all, blames no worker for it', async () => {
  await withPingTimeout(400, {}, async (pingTimeout) => {
    const before = await server.status();
    const processes = [before.pid, ...before.workers.map(({ pid }) => pid)];
    for (const pid of processes) process.kill(pid, 'SIGSTOP');
    await delay(pingTimeout + 1100);
    for (const pid of processes) process.kill(pid, 'SIGCONT');
    const after = await pongs(pingTimeout);
    expect(after.workers.map(({ pid }) => pid)).toEqual(before.workers.map(({ pid }) => pid));
    expect(after).toMatchObject({ restarts: 0, replaced: [] });
  });
});

async function pongs(pingTimeout: number): Promise<ServerStatus> {
  return server.statusWhere(
    ({ workers }) =>
      workers.every((worker) => (worker.statistics?.rss ?? 0) > 0 && worker.lastPong < pingTimeout),
    'pongs after the stop',
  );
}

test('a worker that is not ready in time is replaced', async () => {
  await started({ '1': 'never ready' }, { 'workers.count': 1, 'workers.bootTimeout': 1000 });
  // The second, if that did not take as long.
  const { workers } = await server.status();
  expect(workers).toMatchObject([{ worker: expect.any(Number), state: 'ready' }]);
  expect(workers[0]?.worker).toBeGreaterThan(1);
});

async function startedDegraded(mode: string): Promise<void> {
  server = new TestServer(
    { '*': mode },
    { 'workers.restartLimit': 2, 'workers.restartBackoff': 20, 'pending.maxWait': 700 },
  );
  server.launch();
  await server.until(() => server.output.includes('degraded'), 'degraded');
  await server.statusWhere(({ state }) => state === 'degraded', 'the degraded state');
}
