import { type ExecFileException, execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { healthOf } from '../../src/cli/server/health-state.js';
import { AS_NOBODY, asNobody } from '../component.js';
import { type Demo, demo } from './demo.js';
import { TestServer, withoutOptions } from './test-server.js';
import { freePort } from '../free-port.js';

const run = promisify(execFile);
const elsewhere = mkdtempSync(join(tmpdir(), 'pkixd-health-'));
let pki: Demo;
let server: TestServer;

beforeAll(async () => {
  pki = demo();
  server = await TestServer.start({ workers: { count: 1 }, trust: { anchors: [pki.path('root.pem')] } });
});
afterAll(async () => {
  await server.stop();
  pki.remove();
  rmSync(elsewhere, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function pkixd(words: readonly string[], as: readonly string[] = []): Promise<Outcome> {
  const [program = '', ...args] = [
    ...as,
    process.execPath,
    join(process.cwd(), 'dist/cli/main.js'),
    ...words,
  ];
  const options = { cwd: elsewhere, env: withoutOptions(process.env), timeout: 60_000 };
  return run(program, args, options).then(
    (printed) => ({ code: 0, ...printed }),
    (error: ExecFileException & Outcome) => ({
      code: error.code,
      stdout: error.stdout,
      stderr: error.stderr,
    }),
  );
}

const config = (): string => join(server.directory, 'pkixd.config.json');

test('a server that serves is ready, over the control socket and over listeners of both protocols', async () => {
  expect(await pkixd(['health', '--config', config()])).toMatchObject({
    code: 0,
    stdout: 'ready: 1 of 1 workers ready\n',
  });
  const addresses = [server.msgpack, `unix:${server.unix}`, `tcp://127.0.0.1:${server.port}`];
  for (const address of addresses) {
    const answer = await pkixd(['health', '--connect', address]);
    expect(answer).toMatchObject({ code: 0, stdout: `ready: ${address} answers\n` });
  }
  expect(await pkixd(['health', '--quiet', '--config', config()])).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  expect(await pkixd(['status', '--config', config()])).toMatchObject({ code: 0 });
});

test('where no server is it is down, by whatever way it is asked', async () => {
  const directory = join(elsewhere, 'run');
  expect(await pkixd(['health', '--run.directory', directory])).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^down: no server runs here/),
  });
  const address = `tcp://127.0.0.1:${await freePort()}`;
  expect(await pkixd(['health', '--connect', address])).toMatchObject({ code: 2 });
  expect(await pkixd(['health', '--connect', 'smtp:x'])).toMatchObject({ code: 64 });
});

test('a configuration that is broken on disk hides no running server', async () => {
  const broken = join(server.directory, 'broken.yaml');
  writeFileSync(broken, 'threads: 4\n');
  for (const command of ['health', 'status']) {
    const answer = await pkixd([command, '--config', broken]);
    expect(answer.stderr).toContain('threads: is a group of options');
    expect(answer).toMatchObject({ code: 0, stdout: expect.stringMatching(/1 of 1 workers ready/) });
  }
  writeFileSync(broken, '{{{');
  expect(await pkixd(['health', '--config', broken])).toMatchObject({ code: 0 });
});

asNobody()(
  'another user is told what it may not, and learns from a listener whether the server is well',
  async () => {
    chmodSync(server.directory, 0o711);
    chmodSync(config(), 0o644);
    for (const words of [['health'], ['status'], ['crl', 'list'], ['crl', 'check']]) {
      const answer = await pkixd([...words, '--config', config()], AS_NOBODY);
      expect(answer.stderr).toMatch(/user \d+ may not (?:use the control socket|read the CRL store)/);
      expect(answer).toMatchObject({ code: 77, stdout: '' });
    }
    const socket = ['--connect', `unix:${server.unix}`];
    expect(await pkixd(['verify', join(process.cwd(), 'package.json'), ...socket], AS_NOBODY)).toMatchObject({
      code: 77,
      stderr: expect.stringMatching(/EACCES.*this user may not write to the socket: join its group/),
    });
    const address = `tcp://127.0.0.1:${server.port}`;
    expect(await pkixd(['health', '--connect', address], AS_NOBODY)).toMatchObject({ code: 0 });
  },
);

test('a server is degraded while workers are missing or a listener does not answer, and down without a worker', async () => {
  const status = await server.status();
  const [worker] = status.workers;
  const [listener] = status.listeners;
  if (worker === undefined || listener === undefined) throw new Error('the server has neither');
  expect(healthOf(status).state).toBe('ready');
  expect(healthOf({ ...status, scale: 2 })).toEqual({
    state: 'degraded',
    why: 'running, 1 of 2 workers ready',
  });
  expect(healthOf({ ...status, state: 'degraded' }).state).toBe('degraded');
  const silent = { ...listener, name: 'web', probe: { failure: 'no answer', took: 0 } };
  expect(healthOf({ ...status, listeners: [silent] }).why).toContain('do not answer: web');
  expect(healthOf({ ...status, workers: [{ ...worker, state: 'starting' }] }).state).toBe('down');
});
