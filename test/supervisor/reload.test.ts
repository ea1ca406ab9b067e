import { createServer } from 'node:net';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import type { ControlResponse, ServerStatus } from '../../src/wire/control.js';
import { type Modes, TestServer } from './server.js';

let server: TestServer;
afterEach(() => server.remove());

async function started(modes?: Modes, config?: Readonly<Record<string, unknown>>): Promise<void> {
  server = new TestServer(modes, config);
  await server.start();
}

const reload = (): Promise<ControlResponse> => server.command({ command: 'reload' });
const pids = ({ workers }: ServerStatus): number[] => workers.map(({ pid }) => pid);
const REST = { permits: [], mode: 0o600, group: '', backlog: 128, protocol: 'line', tls: null };

async function refusal(): Promise<string> {
  const response = await reload();
  return response.ok ? 'it was done' : `${response.code}: ${response.message}`;
}

async function settled(): Promise<ServerStatus> {
  return server.statusWhere(
    ({ workers }) => workers.length === 2 && workers.every(({ state }) => state === 'ready'),
    'two ready workers',
  );
}

test('a reload gives every worker the new configuration; requests in flight are answered, and no client is refused', async () => {
  await started();
  const before = await server.status();
  const client = await server.connect('tcp');
  client.send('late');
  await server.statusWhere(
    ({ workers }) => workers.some((worker) => worker.statistics?.inFlight === 1),
    'in flight',
  );
  server.configure({ 'queue.max': 77 });
  const progress = { over: false };
  const reloading = reload().finally(() => {
    progress.over = true;
  });
  for (let n = 0; !progress.over; n++) {
    const other = await server.connect(n % 2 === 0 ? 'unix' : 'tcp');
    expect(await other.ask('who')).toMatch(/^worker [1-4] /);
    other.close();
  }
  expect(await reloading).toMatchObject({ ok: true });
  expect(await client.line()).toMatch(/^worker [12] /);
  const after = await server.status();
  expect(after.workers.map(({ worker, state }) => `${worker} ${state}`)).toEqual(['3 ready', '4 ready']);
  expect(pids(after).some((pid) => pids(before).includes(pid))).toBe(false);
  expect(after).toMatchObject({ restarts: 0, replaced: [] });
  expect(after.listeners.map(({ address }) => address)).toEqual(
    before.listeners.map(({ address }) => address),
  );
  const next = await server.connect('unix');
  expect(await next.ask('config queue.max')).toBe('77');
});

test.each([
  [
    'crash',
    30_000,
    /^ROLLOUT_ABORTED: .*worker 3 did not get ready, or not for long: it exited with code 3;/,
  ],
  [
    'other messages',
    30_000,
    /its release, 0, has version 3 of the messages between primary and worker, and this primary has version 2; a stop and a start take pkixd over to it; the workers of before stay$/,
  ],
  ['never ready', 1500, /workers\.bootTimeout = 1500 ms; the workers of before stay$/],
])(
  'a reload whose first new worker is a "%s" is given up, and the old ones stay',
  async (mode, bootTimeout, why) => {
    await started();
    const before = await server.status();
    server.setModes({ '*': mode });
    server.configure({ 'queue.max': 77, 'workers.bootTimeout': bootTimeout });
    expect(await refusal()).toMatch(why);
    server.setModes({});
    const after = await settled();
    expect(pids(after)).toEqual(pids(before));
    server.signal('SIGTTIN');
    const { workers } = await server.statusWhere(
      (status) => status.workers.filter(({ state }) => state === 'ready').length === 3,
      'one more',
    );
    expect(workers).toHaveLength(3);
    const client = await server.connect('unix');
    expect(await client.ask('config queue.max')).toBe('4096');
  },
);

test('when a later one fails, those already replaced go back to the old configuration', async () => {
  await started();
  server.setModes({ '4': 'crash' });
  server.configure({ 'queue.max': 77 });
  expect(await refusal()).toContain('worker 4 did not get ready');
  await server.statusWhere(
    ({ workers }) =>
      workers.length === 2 && workers.every(({ worker, state }) => worker !== 3 && state === 'ready'),
    'worker 3 gone',
  );
  for (const client of [await server.connect('unix'), await server.connect('unix')]) {
    expect(await client.ask('config queue.max')).toBe('4096');
  }
});

test('what is wrong with the new configuration is said, and nothing changes', async () => {
  await started();
  const before = await server.status();
  server.configure({ wrong: 'queue.max: "many" is not a whole number' });
  expect(await refusal()).toBe('CONFIG: nothing was changed: queue.max: "many" is not a whole number');
  server.configure({ wrong: '', 'run.directory': '/elsewhere' });
  expect(await refusal()).toMatch(/^NEEDS_RESTART: .*run\.directory cannot change while the server runs/);
  expect(pids(await server.status())).toEqual(pids(before));
  await server.until(() => server.output.includes('error primary: the reload was given up'), 'its log line');
});

test('listeners come, go and change without the others noticing', async () => {
  await started({}, { 'pending.maxWait': 20_000 });
  const before = await server.status();
  const tcp = before.listeners.find(({ name }) => name === 'tcp');
  const client = await server.connect('tcp');
  await client.ask('who');
  const unix = { kind: 'unix', path: server.path('listen.sock') };
  server.configure({
    listeners: [
      { ...REST, name: 'tcp', address: { kind: 'tcp', host: '127.0.0.1', port: 0 } },
      { ...REST, name: 'added', address: { kind: 'unix', path: server.path('added.sock') } },
    ],
  });
  expect(await reload()).toMatchObject({ ok: true });
  expect((await server.status()).listeners.map(({ name }) => name)).toEqual(['tcp', 'added']);
  expect((await server.status()).listeners[0]).toMatchObject({ address: tcp?.address, accepted: 1 });
  expect(existsSync(server.path('listen.sock'))).toBe(false);
  expect(await (await server.connect('added')).ask('who')).toMatch(/^worker [34] /);

  // Another name and mode at the same place.
  server.configure({
    listeners: [
      { ...REST, name: 'renamed', mode: 0o660, address: { kind: 'unix', path: server.path('added.sock') } },
      { ...REST, name: 'unix', address: unix },
    ],
  });
  const reloading = reload();
  const meanwhile = await server.connect('added');
  expect(await meanwhile.ask('who')).toMatch(/^worker /);
  expect(await reloading).toMatchObject({ ok: true });
  expect(statSync(server.path('added.sock')).mode & 0o777).toBe(0o660);
  const { listeners } = await server.status();
  expect(listeners.map(({ name, accepted }) => `${name} ${accepted}`)).toEqual(['renamed 2', 'unix 0']);
});

test('a listener that cannot be opened leaves everything as it was', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const bound = other.address();
  const port = typeof bound === 'object' ? bound?.port : 0;
  await started();
  const before = await server.status();
  server.configure({
    listeners: [
      { ...REST, name: 'added', address: { kind: 'unix', path: server.path('added.sock') } },
      { ...REST, name: 'taken', address: { kind: 'tcp', host: '127.0.0.1', port } },
    ],
  });
  expect(await refusal()).toMatch(/^ADDRESS_IN_USE: .*another process listens on/);
  const after = await server.status();
  expect(after.listeners.map(({ name }) => name)).toEqual(['tcp', 'unix']);
  expect(pids(after)).toEqual(pids(before));
  expect(existsSync(server.path('added.sock'))).toBe(false);
  other.close();
});

test('SIGHUP reloads, a second reload meanwhile is refused, and a changed number of workers is taken over', async () => {
  await started();
  server.configure({ 'workers.count': 3 });
  server.setModes({ '*': 'wait' });
  server.signal('SIGHUP');
  await server.until(() => server.output.includes('reloading'), 'the reload');
  expect(await refusal()).toBe('RELOADING: a reload is under way already');
  server.setModes({});
  await server.until(() => server.output.includes('reloaded'), 'its end');
  const { scale } = await server.statusWhere(
    ({ workers }) => workers.filter(({ state }) => state === 'ready').length === 3,
    'three workers',
  );
  expect(scale).toBe(3);
});

test('a stop in the middle of a reload ends both', async () => {
  await started();
  server.setModes({ '*': 'never ready' });
  const reloading = refusal();
  await server.statusWhere(({ workers }) => workers.length === 3, 'the new worker');
  server.signal('SIGTERM');
  expect(await reloading).toContain('the server stops');
  expect(await server.exit()).toBe(0);
});
