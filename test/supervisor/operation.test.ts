import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { type Modes, TestServer } from './server.js';

let server: TestServer;
afterEach(() => server.remove());

async function started(modes?: Modes, config?: Readonly<Record<string, unknown>>): Promise<void> {
  server = new TestServer(modes, config);
  await server.start();
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

(process.platform === 'linux' ? test : test.skip)(
  'the status tells how many connections wait in the kernel for each listener',
  async () => {
    await started();
    await server.statusWhere(
      ({ listeners }) => listeners.every(({ backlog }) => backlog === 0),
      'a reading of the kernel backlog',
    );
  },
);

test('the sockets have their modes and the run directory is private', async () => {
  await started();
  expect(statSync(server.controlSocket).mode & 0o777).toBe(0o600);
  expect(statSync(server.path('listen.sock')).mode & 0o777).toBe(0o600);
  expect(statSync(server.path('run')).mode & 0o777).toBe(0o700);
  expect(readFileSync(server.path('run/pkixd.pid'), 'utf8').split('\n')[0]).toBe(String(server.primary?.pid));
});

test('it says ready to its parent only when every worker is', async () => {
  server = new TestServer();
  const primary = server.launch();
  const said = await new Promise((resolve) => primary.once('message', resolve));
  expect(said).toBe('ready');
  const { workers, state } = await server.status();
  expect(state).toBe('running');
  expect(workers.map((worker) => worker.state)).toEqual(['ready', 'ready']);
});

test('scale forks up to the number and drains down to it', async () => {
  await started();
  const steps = [4, 1];
  for (const wanted of steps) {
    expect((await server.command({ command: 'scale', argument: wanted })).ok).toBe(true);
    const status = await server.statusWhere(
      ({ workers }) => workers.length === wanted && workers.every(({ state }) => state === 'ready'),
      `${wanted} workers`,
    );
    expect(status).toMatchObject({ scale: wanted, restarts: 0 });
  }
  server.signal('SIGTTIN');
  await server.statusWhere(({ workers }) => workers.length === 2, 'one worker more');
});

test('scale counts from what there is with a sign, and goes by load with auto until a number is given', async () => {
  await started({}, { 'workers.max': 2 });
  const scaled = async (argument: string): Promise<unknown> => {
    const response = await server.command({ command: 'scale', argument });
    return response.ok ? response.result : response.message;
  };
  expect(await scaled('+2')).toEqual({ before: 2, scale: 4 });
  expect(await scaled('-1')).toEqual({ before: 4, scale: 3 });
  expect(await scaled('auto')).toEqual({ before: 3, scale: 'auto' });
  // More than workers.max are drained whatever the load.
  await server.statusWhere(
    ({ scale, scaling, workers }) => scale === 2 && scaling === 'auto' && workers.length === 2,
    'two workers',
  );
  expect(await scaled('3')).toEqual({ before: 2, scale: 3 });
  expect((await server.status()).scaling).toBe('fixed');
  expect(await scaled('-3')).toMatch(/^the number of workers is 1 to 256, .* not -3, and -3 would make 0$/);
});

test('stop now does not wait for answers', async () => {
  await started();
  const client = await server.connect('tcp');
  client.send('late');
  await server.statusWhere(
    ({ workers }) => workers.some((worker) => worker.statistics?.inFlight === 1),
    'in flight',
  );
  expect(await server.command({ command: 'stop', argument: 'now' })).toEqual({ ok: true, result: null });
  expect(await client.line()).toBeNull();
  expect(await server.exit()).toBe(0);
});

test.each([0, 257, 1.5, -1])('scale to %d is refused with the limits', async (argument) => {
  await started({}, { 'workers.count': 1 });
  const response = await server.command({ command: 'scale', argument });
  expect(response).toMatchObject({
    ok: false,
    code: 'BAD_ARGUMENT',
    message: expect.stringContaining(`${argument}`),
  });
});

test('a restarted worker serves on until its replacement is ready', async () => {
  await started({}, { 'workers.count': 1 });
  const client = await server.connect('tcp');
  expect(await client.ask('who')).toMatch(/^worker 1 /);
  expect(await server.command({ command: 'restart', argument: 1 })).toMatchObject({ ok: true });
  // The old one closes the connection when it drains, and not before there is a new one.
  expect(await client.line()).toBeNull();
  const next = await server.connect('tcp');
  expect(await next.ask('who')).toMatch(/^worker 2 /);
  expect(await server.command({ command: 'restart', argument: 1 })).toMatchObject({
    ok: false,
    code: 'NO_SUCH_WORKER',
  });
  next.close();
});

test('a worker that asks to be replaced is replaced', async () => {
  await started({}, { 'workers.count': 1 });
  const client = await server.connect('tcp');
  expect(await client.ask('restart')).toMatch(/^worker 1 /);
  const { workers } = await server.statusWhere(
    (status) => status.workers.length === 1 && status.workers[0]?.worker === 2,
    'worker 2 alone',
  );
  expect(workers[0]?.state).toBe('ready');
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: what is in flight is answered, then it exits 0',
  async (signal) => {
    await started();
    const client = await server.connect('unix');
    client.send('late');
    await server.statusWhere(
      ({ workers }) => workers.some((worker) => worker.statistics?.inFlight === 1),
      'in flight',
    );
    server.signal(signal);
    expect(await client.line()).toMatch(/^worker /);
    expect(await client.line()).toBeNull();
    expect(await server.exit()).toBe(0);
    for (const left of ['run/control.sock', 'run/pkixd.pid', 'listen.sock']) {
      expect(existsSync(server.path(left))).toBe(false);
    }
    expect(server.log.at(-1)?.message).toBe('stopped');
  },
);

test('the stop command drains and exits 0', async () => {
  await started();
  expect(await server.command({ command: 'stop' })).toEqual({ ok: true, result: null });
  expect(await server.exit()).toBe(0);
});

test('a worker that does not drain in time is killed, and the server exits 0 all the same', async () => {
  await started({ '*': 'serve' }, { 'drain.timeout': 100 });
  const client = await server.connect('tcp');
  await client.ask('who');
  client.send('block');
  server.signal('SIGTERM');
  expect(await server.exit()).toBe(0);
});

test('other signals do not end it', async () => {
  await started();
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) server.signal(signal);
  await server.until(() => server.output.includes('dump: status'), 'its log line');
  expect(server.output).not.toContain('Debugger listening');
  expect((await server.status()).state).toBe('running');
});

test('what workers print is in the log, under their name', async () => {
  await started();
  const line = () => server.log.find(({ message }) => message === 'booted as serve');
  await server.until(() => line() !== undefined, 'the line');
  expect(line()).toMatchObject({ level: 'info', source: expect.stringMatching(/^worker [12]$/) });
});
