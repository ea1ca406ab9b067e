import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { withComponent } from '../../component.js';
import { TestServer } from '../server.js';

const HOLDER = fileURLToPath(new URL('../socket-holder.py', import.meta.url));
const ENTRY = fileURLToPath(new URL('../primary-entry.mjs', import.meta.url));
/** Prints what arrives at a datagram socket. */
const NOTIFIED = `
import socket, sys
notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notified.bind(sys.argv[1])
print('listening')
while True:
    print(notified.recv(4096).decode())
`;
const REST = { permits: [], mode: 0o600, group: '', backlog: 128, protocol: 'line', tls: null };

let server: TestServer;
let child: ChildProcess | undefined;
let holder: ChildProcess | undefined;

afterEach(async () => {
  // The primary that the holder started would outlive it.
  if (holder?.exitCode === null && (await isRunning())) process.kill((await server.status()).pid, 'SIGKILL');
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  holder?.kill('SIGKILL');
  await server.remove();
});

/** The commands that a fake systemd-notify was given so far. */
function told(): string[] {
  try {
    return readFileSync(server.path('told'), 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

function installFakeNotify(): string {
  mkdirSync(server.path('bin'));
  const script = server.path('bin/systemd-notify');
  writeFileSync(
    script,
    `#!/bin/sh\ncase $* in *RELOADING*) sleep 0.5;; esac\necho "$NOTIFY_SOCKET $*" >> '${server.path('told')}'\n`,
  );
  chmodSync(script, 0o755);
  return server.path('bin');
}

function launch(env: Readonly<Record<string, string>>): ChildProcess {
  child = spawn(process.execPath, [ENTRY, server.path('config.json')], {
    env: { ...process.env, PKIXD_TEST_MODES: server.path('modes.json'), ...env },
    stdio: 'ignore',
  });
  return child;
}

test('systemd hears of ready, reloading, a watchdog and stopping', async () => {
  server = new TestServer();
  const PATH = `${installFakeNotify()}${delimiter}${process.env['PATH']}`;
  const primary = launch({ PATH, NOTIFY_SOCKET: '/run/fake', WATCHDOG_USEC: '200000' });
  await server.until(() => told().some((line) => line.includes('READY=1')), 'READY');
  await server.until(() => told().some((line) => line.includes('WATCHDOG=1')), 'WATCHDOG');
  expect(await server.command({ command: 'reload' })).toMatchObject({ ok: true });
  await server.until(() => told().filter((line) => line.includes('READY=1')).length === 2, 'READY again');
  primary.kill('SIGTERM');
  await once(primary, 'exit');
  const states = told().filter((line) => !line.includes('WATCHDOG'));
  expect(states).toEqual([
    '/run/fake READY=1 STATUS=2 listeners',
    expect.stringMatching(/^\/run\/fake RELOADING=1 MONOTONIC_USEC=\d+ STATUS=reloading$/),
    '/run/fake READY=1 STATUS=reloaded',
    '/run/fake STOPPING=1 STATUS=answering what has been read',
  ]);
});

test.each([
  ['is not there', '/bin-that-is-not-there'],
  // Node throws at once where a folder of PATH is none.
  ['cannot be looked for', '/dev/null'],
])('where the command %s the server runs all the same, says so once, and stops', async (_, path) => {
  server = new TestServer();
  const primary = launch({ PATH: path, NOTIFY_SOCKET: '/run/fake', WATCHDOG_USEC: '100000' });
  await server.until(() => {
    try {
      return server.log.some(({ message }) => message === 'systemd cannot be told');
    } catch {
      return false;
    }
  }, 'the warning');
  expect((await server.status()).state).toBe('running');
  primary.kill('SIGTERM');
  expect(await once(primary, 'exit')).toEqual([0, null]);
  expect(server.log.filter(({ message }) => message === 'systemd cannot be told')).toHaveLength(1);
});

withComponent('systemd-notify')('systemd-notify reaches a real notification socket', async () => {
  server = new TestServer();
  const path = server.path('notify.sock');
  const heard: string[] = [];
  // Node has no datagrams on UNIX sockets.
  const socket = spawn('python3', ['-u', '-c', NOTIFIED, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  socket.stdout.setEncoding('utf8').on('data', (text: string) => heard.push(...text.split('\n')));
  try {
    await server.until(() => heard.includes('listening'), 'the socket');
    const primary = launch({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '500000' });
    await server.until(() => heard.includes('READY=1'), 'READY');
    await server.until(() => heard.includes('WATCHDOG=1'), 'a sign of life');
    expect(await server.command({ command: 'reload' })).toMatchObject({ ok: true });
    await server.until(() => heard.includes('STATUS=reloaded'), 'the end of the reload');
    await server.until(() => heard.some((line) => /^MONOTONIC_USEC=\d+$/.test(line)), 'its beginning');
    const exited = once(primary, 'exit');
    primary.kill('SIGTERM');
    await exited;
    await server.until(() => heard.includes('STOPPING=1'), 'STOPPING');
  } finally {
    socket.kill('SIGKILL');
  }
});

withComponent('systemd-analyze')('systemd finds nothing wrong with the units', () => {
  const units = ['systemd/pkixd.service', 'systemd/pkixd.socket'];
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toBe('');
  expect(status).toBe(0);
});

withComponent('python3')(
  'sockets that were passed in are used by name or address, and clients wait while one primary follows another',
  async () => {
    server = new TestServer();
    const path = server.path('passed.sock');
    const program = [process.execPath, ENTRY, server.path('config.json')];
    holder = spawn('python3', [HOLDER, path, 'unknown:by name', ...program], {
      env: { ...process.env, PKIXD_TEST_MODES: server.path('modes.json') },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let said = '';
    holder.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    await server.until(() => said.includes('\n'), 'its port');
    const port = Number(said.split('\n')[0]);
    server.configure({
      listeners: [
        { ...REST, name: 'by address', address: { kind: 'tcp', host: '127.0.0.1', port } },
        { ...REST, name: 'by name', address: { kind: 'unix', path } },
      ],
    });
    const startNext = (): unknown => holder?.stdin?.write('start\n');

    startNext();
    await server.until(isRunning, 'the first primary');
    const first = await server.status();
    expect(first.listeners.map(({ address }) => address)).toEqual([
      `tcp://127.0.0.1:${port}`,
      `unix:${path}`,
    ]);
    for (const { address } of first.listeners) {
      const client = server.connectTo(address);
      expect(await client.ask('who')).toMatch(/^worker /);
      client.close();
    }
    process.kill(first.pid, 'SIGTERM');
    await server.until(() => said.includes('ended'), 'its end');
    const between = first.listeners.map(({ address }) => server.connectTo(address));
    await Promise.all(between.map(({ socket }) => once(socket, 'connect')));
    for (const client of between) client.send('who');
    startNext();
    for (const client of between) expect(await client.line()).toMatch(/^worker /);
    const second = await server.status();
    expect(second.pid).not.toBe(first.pid);
    for (const client of between) client.close();
    process.kill(second.pid, 'SIGTERM');
    await server.until(() => said.split('ended').length === 3, 'the end of the second');
    holder.stdin?.end();
    await once(holder, 'exit');
  },
);

async function isRunning(): Promise<boolean> {
  try {
    return (await server.status()).state === 'running';
  } catch {
    return false;
  }
}
