import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { join } from 'node:path';
import { IPC_VERSION, type WorkerStatistics } from '../../src/wire/ipc.js';
import { withShortTime } from '../short-time.js';
import { type Client, MinimalPrimary } from './minimal-primary.js';

const primaries: MinimalPrimary[] = [];

afterEach(async () => {
  await Promise.all(primaries.splice(0).map((primary) => primary.close()));
});

async function startWorker(flags?: Readonly<Record<string, unknown>>): Promise<MinimalPrimary> {
  const primary = new MinimalPrimary(flags);
  primaries.push(primary);
  await primary.hear('ready');
  return primary;
}

test('a worker says who it is once its threads are ready', async () => {
  const primary = await startWorker({ 'threads.count': 2 });
  expect(primary.said.find(({ type }) => type === 'ready')).toEqual({
    type: 'ready',
    pid: primary.child.pid,
    version: '0.0.0-test',
    ipc: IPC_VERSION,
    threads: 2,
  });
});

test('a worker is ready only when its loop and each of its threads are warm, and has served no client by then', async () => {
  const primary = new MinimalPrimary(
    { 'workers.warmUp': 60_000, 'workers.bootTimeout': 600_000, 'threads.count': 2 },
    { warmUpRounds: 7 },
  );
  primaries.push(primary);
  await primary.hear('ready');
  const before = primary.said.slice(
    0,
    primary.said.findIndex(({ type }) => type === 'ready'),
  );
  const logged = before.flatMap((message) => (message.type === 'log' ? message.records : []));
  const rounds = (text: string) =>
    logged.filter(({ message }) => message === text).map(({ fields }) => fields?.['rounds']);
  expect(rounds('a task thread is warm')).toEqual([7, 7]);
  expect(rounds('the event loop is warm')).toEqual([150]);
  primary.tell({ type: 'ping', sequence: 1 });
  const [pong] = await primary.hear('pong');
  expect(pong?.statistics).toMatchObject({ handledRequests: 0, handledConnections: 0, openConnections: 0 });
  expect(pong?.statistics).toMatchObject({ cacheMisses: 0, cacheHits: 0, inFlight: 0, busyThreads: 0 });
});

test('a TCP client is acknowledged and answered, pipelined requests in order', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('echo a\nspin 20\nreply b\necho c\n');
  expect(await client.lines(4)).toEqual(['done a', 'done spun', 'b', 'done c']);
  expect(await primary.hear('accepted')).toEqual([{ type: 'accepted', ids: [1] }]);
});

test('a UNIX client is answered', async () => {
  const primary = await startWorker();
  const client = await primary.client(join(primary.directory, 's'));
  client.socket.write('echo a\n');
  expect(await client.lines(1)).toEqual(['done a']);
});

test('a client that sent everything and half-closed before the hand-over gets every answer', async () => {
  const primary = await startWorker();
  primary.holdBack = true;
  const client = await primary.client();
  client.socket.end('echo a\necho b\n');
  await once(client.socket, 'finish');
  await eventually(() => primary.held.length === 1);
  for (const handle of primary.held) primary.hand(handle);
  expect(await client.ended).toBe('done a\ndone b\n');
});

test('tasks that hang, throw or kill their thread cost only their own requests', async () => {
  await withShortTime(200, async (taskTimeout) => {
    const primary = await startWorker({ 'threads.taskTimeout': taskTimeout });
    const client = await primary.client();
    client.socket.write('echo a\nhang\nthrow\nexit\necho b\n');
    expect(await client.lines(5)).toEqual([
      'done a',
      'failed TIMEOUT',
      'failed INTERNAL',
      'failed INTERNAL',
      'done b',
    ]);
    primary.tell({ type: 'ping', sequence: 7 });
    const [pong] = await primary.hear('pong');
    expect(pong).toMatchObject({
      sequence: 7,
      statistics: {
        openConnections: 1,
        handledConnections: 1,
        handledRequests: 5,
        inFlight: 0,
        timeouts: 1,
        queueDepth: 0,
        queuedClients: 0,
        threads: 1,
      },
    });
    expect(pong?.statistics.threadRestarts).toBe(3);
  });
});

test('an order is carried out by the services, and its bytes or its failure come back', async () => {
  const primary = await startWorker();
  const names = ['reverse', 'fail', 'format'];
  for (const [index, name] of names.entries())
    primary.tell({ type: 'order', order: index + 1, name, body: Buffer.from('abc') });
  const answers = await primary.hear('ordered', () => true, 3);
  expect(answers.toSorted((a, b) => a.order - b.order).map(({ outcome }) => outcome)).toMatchObject([
    { ok: true, body: Buffer.from('cba') },
    { ok: false, code: 'ORDER_FAILED', message: 'failed on purpose' },
    { ok: false, code: 'NO_SUCH_ORDER', message: expect.stringContaining('"format"') },
  ]);
});

test('a full queue is answered BUSY, and counted', async () => {
  const primary = await startWorker({ 'queue.max': 1, 'threads.batch': 1 });
  const client = await primary.client();
  client.socket.write('spin 100\n'.repeat(10));
  const lines = await client.lines(10);
  expect(lines[0]).toBe('done spun');
  expect(lines.at(-1)).toBe('failed BUSY');
  primary.tell({ type: 'ping', sequence: 1 });
  const [pong] = await primary.hear('pong');
  expect(pong?.statistics.busy).toBe(lines.filter((line) => line === 'failed BUSY').length);
});

test('the load is reported as it rises and falls', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('spin 700\nspin 700\n');
  await client.lines(2);
  await primary.hear('load', ({ inFlight }) => inFlight === 2);
  client.socket.destroy();
  const loads = await primary.hear(
    'load',
    ({ inFlight, connections }) => inFlight === 0 && connections === 0,
  );
  expect(loads.length).toBeGreaterThan(0);
});

test('STATUS is asked of the primary and answered with what it says', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('status\n');
  const [asked] = await primary.hear('statusRequest');
  primary.tell({ type: 'status', request: asked?.request ?? 0, status: { state: 'running' } });
  expect(await client.lines(1)).toEqual(['{"state":"running"}']);
});

test('a line is logged for each answered task at level verbose', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('echo a\n');
  const [log] = await primary.hear('log', ({ records }) =>
    records.some(({ message }) => message === 'answered'),
  );
  expect(log?.records.find(({ message }) => message === 'answered')).toMatchObject({
    level: 'verbose',
    source: 'worker 1',
    fields: { id: 'a', outcome: 'done a' },
  });
});

test('a connection beyond connection.max is refused unread, and can be handed over again', async () => {
  const primary = await startWorker({ 'connection.max': 1 });
  const first = await primary.client();
  first.socket.write('echo a\n');
  await first.lines(1);
  const second = await primary.client();
  second.socket.write('echo b\n');
  expect(await primary.hear('refused')).toEqual([{ type: 'refused', ids: [2] }]);
  first.socket.destroy();
  await primary.hear('load', ({ connections }) => connections === 0);
  primary.handAgain(2);
  expect(await second.lines(1)).toEqual(['done b']);
});

test('a lost handle shows as a gap in the ids and is refused', async () => {
  const primary = await startWorker();
  primary.holdBack = true;
  await primary.client();
  await eventually(() => primary.held.length === 1);
  for (const handle of primary.held) primary.hand(handle, 2);
  await primary.hear('accepted', ({ ids }) => ids.includes(3));
  expect(await primary.hear('refused')).toEqual([{ type: 'refused', ids: [1, 2] }]);
});

test('a connection revoked before it came is never touched', async () => {
  const primary = await startWorker();
  primary.tell({ type: 'revoke', ids: [1] });
  expect(await primary.hear('revoked')).toEqual([{ type: 'revoked', ids: [1] }]);
  const client = await primary.client();
  client.socket.write('echo a\n');
  const second = await primary.client();
  second.socket.write('echo b\n');
  expect(await second.lines(1)).toEqual(['done b']);
  expect(await primary.hear('accepted')).toEqual([{ type: 'accepted', ids: [2] }]);
  // Our own copy is whole: another worker can serve it.
  expect(client.socket.destroyed).toBe(false);
});

test('a connection that was accepted is not revoked any more', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('echo a\n');
  await client.lines(1);
  primary.tell({ type: 'revoke', ids: [1, 5] });
  expect(await primary.hear('revoked')).toEqual([{ type: 'revoked', ids: [5] }]);
});

test('draining, every request read whole is answered, idle clients are closed, and the worker exits with 0', async () => {
  const primary = await startWorker();
  const busy = await primary.client();
  const idle = await primary.client();
  const halfway = await primary.client();
  idle.socket.write('echo idle\n');
  halfway.socket.write('echo begun\necho half');
  busy.socket.write('echo a\nspin 200\necho b\n');
  for (const client of [idle, halfway, busy]) await client.lines(1);
  primary.tell({ type: 'drain', lastId: 3, timeout: 60_000 });
  expect(await idle.ended).toBe('done idle\n');
  halfway.socket.write('way\n');
  expect(await halfway.ended).toBe('done begun\ndone halfway\n');
  expect(await busy.ended).toBe('done a\ndone spun\ndone b\n');
  for (const client of [busy, idle, halfway]) client.socket.destroy();
  await primary.hear('drained');
  expect(await primary.exited).toEqual([0, null]);
});

test('draining, a connection that arrives late is refused', async () => {
  const primary = await startWorker();
  primary.tell({ type: 'drain', lastId: 1, timeout: 60_000 });
  primary.tell({ type: 'ping', sequence: 1 });
  await primary.hear('pong');
  await primary.client();
  expect(await primary.hear('refused')).toEqual([{ type: 'refused', ids: [1] }]);
  expect(await primary.exited).toEqual([0, null]);
});

test('draining, a client that never finishes its request does not hold the worker beyond the timeout', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('echo a\necho b');
  await client.lines(1);
  primary.tell({ type: 'drain', lastId: 1, timeout: 500 });
  expect(await client.ended).toBe('done a\n');
  client.socket.destroy();
  expect(await primary.exited).toEqual([0, null]);
});

test('a request waits for its steps beside the threads, and is answered with what they found', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('ask 1 after 200 it\necho a\nask 2 now this\n');
  expect(await client.lines(3)).toEqual(['done attempt 1: it', 'done a', 'done attempt 2: this']);
});

test('a request whose step fails, and one whose step does not end in time, are answered without', async () => {
  const primary = await startWorker({ 'crl.maxWait': 1000 });
  const client = await primary.client();
  client.socket.write('ask 1 fail\nask 1 never\n');
  expect(await client.lines(2)).toEqual(['done attempt 1: ', 'done attempt 1: ']);
});

test('requests that wait are counted, bounded, and leave with their client', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('ask 1 never\nask 1 never\nask 1 never\n');
  await statistics(primary, ({ waiting, inFlight }) => waiting === 3 && inFlight === 3);
  const fourth = await primary.client();
  fourth.socket.write('ask 1 now this\n');
  expect(await fourth.lines(1)).toEqual(['done attempt 1: ']);
  client.socket.resetAndDestroy();
  await statistics(primary, ({ waiting }) => waiting === 0);
  fourth.socket.write('ask 1 now this\n');
  expect(await fourth.lines(2)).toEqual(['done attempt 1: ', 'done attempt 1: this']);
});

test('a drain waits for requests that wait, and then closes what the worker has beside its threads', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('ask 1 ordered it\n');
  await statistics(primary, ({ waiting }) => waiting === 1);
  primary.tell({ type: 'drain', lastId: 1, timeout: 60_000 });
  primary.tell({ type: 'order', order: 1, name: 'release', body: Buffer.of() });
  expect(await client.ended).toBe('done attempt 1: it\n');
  client.socket.destroy();
  await primary.hear('log', ({ records }) => records.some(({ message }) => message === 'services closed'));
  expect(await primary.exited).toEqual([0, null]);
});

test('an outcome that may be kept answers again without a thread, until what it rests on changes', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('keep a\n');
  await client.lines(1);
  client.socket.write('keep a\nkeep b\n');
  expect(await client.lines(3)).toEqual(['done run 1', 'done run 1', 'done run 2']);
  client.socket.write('tell me\n');
  await client.lines(4);
  client.socket.write('keep a\n');
  expect((await client.lines(5)).at(-1)).toBe('done run 3');
  await statistics(primary, ({ cacheHits, cacheMisses }) => cacheHits === 1 && cacheMisses === 4);
});

test('signals meant for the primary do not end a worker, nor do they open its inspector', async () => {
  const primary = await startWorker();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) primary.child.kill(signal);
  const client = await primary.client();
  client.socket.write('echo a\n');
  expect(await client.lines(1)).toEqual(['done a']);
  expect(primary.stderr).not.toContain('Debugger');
});

test('a worker whose loop is blocked is killed by its guard when the primary is gone', async () => {
  const primary = await startWorker();
  const client = await primary.client();
  client.socket.write('echo a\nblock\n');
  await primary.hear('accepted');
  primary.lifeline.destroy();
  expect(await primary.exited).toEqual([null, 'SIGKILL']);
});

test.each(['fd 4', 'the channel of handles'])('a worker exits when %s closes', async (which) => {
  const primary = await startWorker();
  if (which === 'fd 4') primary.messages.destroy();
  else primary.child.disconnect();
  expect(await primary.exited).toEqual([0, null]);
});

test('a message that is none of ours is logged and ignored', async () => {
  const primary = await startWorker();
  primary.tellAnything({ type: 'nonsense' });
  primary.tellAnything({ type: 'revoke', ids: ['1'] });
  const logs = await primary.hear('log', ({ records }) => records.some(({ level }) => level === 'warn'), 1);
  expect(logs[0]?.records[0]).toMatchObject({ message: 'an unknown message of the primary is ignored' });
  primary.tell({ type: 'ping', sequence: 3 });
  await primary.hear('pong', ({ sequence }) => sequence === 3);
});

test('clients that say nothing are told and closed, while others are served', async () => {
  const primary = await startWorker({ 'connection.firstByteTimeout': 300 });
  const silent = await Promise.all(Array.from({ length: 50 }, () => primary.client()));
  // One whose first byte was in time.
  const served = async (): Promise<Client> => {
    const client = await primary.client();
    client.socket.write('echo a\n');
    const [line] = await client.lines(1);
    return line === 'done a' ? client : served();
  };
  const busy = await served();
  const told = await Promise.all(silent.map(({ ended }) => ended));
  expect(new Set(told)).toEqual(new Set(['timed out: firstByte\n']));
  busy.socket.write('echo b\n');
  expect(await busy.lines(2)).toEqual(['done a', 'done b']);
});

test('clients that reset their connection at any point cost no other client an answer', async () => {
  const primary = await startWorker();
  for (const sent of ['', 'echo', 'spin 50\n', 'spin 50\necho a\nec', 'reply a\nreply b\n']) {
    const client = await primary.client();
    client.socket.write(sent);
    client.socket.resetAndDestroy();
  }
  const client = await primary.client();
  client.socket.write('echo a\n');
  expect(await client.lines(1)).toEqual(['done a']);
  await primary.hear('load', ({ connections, inFlight }) => connections === 1 && inFlight === 0);
});

test('a client that does not read its answers does not stop another', async () => {
  const primary = await startWorker({ 'threads.batch': 1 });
  const deaf = await primary.client();
  deaf.socket.pause();
  deaf.socket.write(`echo ${'x'.repeat(50_000)}\n`.repeat(200));
  const client = await primary.client();
  client.socket.write('echo a\n');
  expect(await client.lines(1)).toEqual(['done a']);
  deaf.socket.resume();
  expect(await deaf.lines(200)).toHaveLength(200);
});

/** Asks for the worker's statistics until they are as wanted. */
async function statistics(
  primary: MinimalPrimary,
  wanted: (statistics: WorkerStatistics) => boolean,
): Promise<void> {
  for (let sequence = 1000 + primary.said.length; ; sequence++) {
    primary.tell({ type: 'ping', sequence });
    const [pong] = await primary.hear('pong', (said) => said.sequence === sequence);
    if (pong && wanted(pong.statistics)) return;
  }
}

/** Polls what no event announces. */
async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

test('a worker told to shed sends away as many clients as asked, each behind an answer', async () => {
  const primary = await startWorker();
  const clients = [await primary.client(), await primary.client(), await primary.client()];
  const silent = await primary.client();
  for (const client of clients) {
    client.socket.write('echo a\n');
    await client.lines(1);
  }
  await primary.hear('accepted', ({ ids }) => ids.includes(4));
  primary.tell({ type: 'ping', sequence: 1 });
  const [pong] = await primary.hear('pong');
  expect(pong?.statistics).toMatchObject({ openConnections: 4, activeConnections: 3 });
  expect(pong?.statistics.anonymousRss).toBeLessThan(pong?.statistics.rss ?? 0);
  primary.tell({ type: 'shed', count: 2 });
  primary.tell({ type: 'ping', sequence: 2 });
  await primary.hear('pong', ({ sequence }) => sequence === 2);
  const [first, ...others] = clients;
  for (const client of others) {
    client.socket.write('echo b\n');
    expect(await client.ended).toBe('done a\ndone b\n');
  }
  for (const client of [first, silent]) client?.socket.write('echo c\n');
  expect(await first?.lines(2)).toEqual(['done a', 'done c']);
  expect(await silent.lines(1)).toEqual(['done c']);
});
