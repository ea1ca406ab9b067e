import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '../../src/client/index.js';
import { demo, type Demo } from './demo.js';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

let pki: Demo;
let server: TestServer;

beforeAll(async () => {
  pki = demo();
  server = await TestServer.startPatient({
    workers: { count: 2 },
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
});
afterAll(async () => {
  await server.stop();
  pki.remove();
});

/** Calls one after the other in several lanes, until told to stop; every verdict must be right. */
function load(client: Client, lanes: number): { readonly count: () => number; stop(): Promise<string[]> } {
  const stop = new AbortController();
  let count = 0;
  const wrong: string[] = [];
  const lane = async (number: number): Promise<void> => {
    for (let n = number; !stop.signal.aborted; n++) {
      const leaf = n % 2 === 0 ? 'good' : 'revoked';
      const outcome = await client.verify({ certificates: pki.chain(leaf) }).then(
        ({ code }) => code,
        (error: unknown) => String(error),
      );
      count++;
      if (outcome !== (leaf === 'good' ? 'OK' : 'REVOKED')) wrong.push(outcome);
    }
  };
  const running = Array.from({ length: lanes }, (_, number) => lane(number));
  return {
    count: () => count,
    stop: async () => {
      stop.abort();
      await Promise.all(running);
      return wrong;
    },
  };
}

test('a thousand calls at once are each answered rightly', async () => {
  const client = new Client(server.msgpack, { timeout: 60_000 });
  const verdicts = await Promise.all(
    Array.from({ length: 1000 }, (_, n) =>
      client.verify({ certificates: pki.chain(n % 2 === 0 ? 'good' : 'revoked') }),
    ),
  );
  expect(verdicts.map(({ code }) => code)).toEqual(verdicts.map((_, n) => (n % 2 === 0 ? 'OK' : 'REVOKED')));
  await client.close();
});

test('kill -9 of a worker under load loses no call', async () => {
  const client = new Client(server.msgpack, { timeout: 60_000 });
  const running = load(client, 32);
  await until(running.count, (count) => count > 200);
  for (const { pid } of (await server.status()).workers) {
    const before = running.count();
    process.kill(pid, 'SIGKILL');
    await until(
      () => server.status(),
      ({ workers }) =>
        workers.filter((worker) => worker.state === 'ready' && worker.pid !== pid).length === 2,
      60_000,
    );
    await until(running.count, (count) => count > before + 200);
  }
  expect(await running.stop()).toEqual([]);
  await client.close();
});

test('a worker that was stopped is noticed by the client, whose calls another one answers', async () => {
  // Whose pingTimeout leaves it to the client.
  const patient = await TestServer.startPatient({
    workers: { count: 2 },
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
  const client = new Client(patient.msgpack, { timeout: 60_000 });
  await client.ping();
  const { workers } = await until(
    () => patient.status(),
    (status) => status.workers.some(({ statistics }) => statistics?.openConnections === 1),
  );
  const stopped = workers.find(({ statistics }) => statistics?.openConnections === 1)?.pid ?? 0;
  process.kill(stopped, 'SIGSTOP');
  try {
    const calls = Array.from({ length: 4 }, () => client.verify({ certificates: pki.chain('good') }));
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(Array(4).fill('OK'));
    expect((await patient.status()).restarts).toBe(0);
  } finally {
    process.kill(stopped, 'SIGCONT');
    await client.close();
    await patient.stop();
  }
});

test('a worker that is replaced asks its clients to go, and no call is lost', async () => {
  const client = new Client(server.msgpack, { timeout: 60_000 });
  const running = load(client, 32);
  await until(running.count, (count) => count > 200);
  const before = new Set((await server.status()).workers.map(({ pid }) => pid));
  for (const { worker } of (await server.status()).workers) {
    await server.command({ command: 'restart', argument: worker });
    await until(
      () => server.status(),
      ({ workers }) => workers.length === 2 && workers.every(({ state }) => state === 'ready'),
      60_000,
    );
  }
  const count = running.count();
  await until(running.count, (now) => now > count + 200);
  expect(await running.stop()).toEqual([]);
  const after = (await server.status()).workers.map(({ pid }) => pid);
  expect(after.filter((pid) => before.has(pid))).toEqual([]);
  await client.close();
});

test('status and ping answer, and what the listener does not permit is refused', async () => {
  const client = new Client(server.msgpack, { timeout: 60_000 });
  await client.ping();
  expect(await client.status()).toMatchObject({ state: 'running', scale: 2 });
  await client.close();
  const bare = new Client(server.bareMsgpack, { timeout: 60_000 });
  await expect(bare.status()).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
  await expect(bare.verify({ certificates: pki.pem('good'), revocation: 'off' })).rejects.toMatchObject({
    code: 'NOT_PERMITTED',
  });
  await bare.close();
});

test('a server beyond its limits says BUSY, and every call is answered on a later attempt', async () => {
  const small = await TestServer.startPatient({
    workers: { count: 1 },
    queue: { max: 1 },
    threads: { batch: 1 },
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
  try {
    const client = new Client(small.msgpack, { timeout: 120_000 });
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        client.verify({ certificates: pki.chain('good'), at: Date.now() - n * 1000 }),
      ),
    );
    expect(verdicts.filter(({ status }) => status === 'invalid')).toEqual([]);
    // The status is as of the worker's last report.
    await until(
      () => small.status(),
      ({ workers }) => (workers[0]?.statistics?.busy ?? 0) > 0,
    );
    await client.close();
  } finally {
    await small.stop();
  }
});
