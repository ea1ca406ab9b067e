import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import {
  type BoundAddress,
  holdsAllListening,
  kernelBacklog,
} from '../../../src/supervisor/listen/kernel-backlog.js';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

function row(local: string, state: string, waiting: string): string {
  return `   0: ${local} 00000000:0000 ${state} 00000000:${waiting} 00:00000000 00000000     0        0 1 1 0 100\n`;
}

test('of TCP the queue of the listening row counts, its number in hexadecimal', () => {
  const tcp = HEAD + row('0100007F:3BB0', '01', '000000FF') + row('0100007F:3BB0', '0A', '0000001F');
  const tables = { tcp, tcp6: '', unix: '' };
  expect(kernelBacklog(tables, [{ kind: 'tcp', host: '127.0.0.1', port: 15280 }])).toEqual([31]);
});

test('listening sockets come first: where a row of another state is whole, nothing more is wanted', () => {
  const listening = HEAD + row('0100007F:3BB0', '0A', '00000000');
  const connected = row('0100007F:3BB0', '01', '00000000');
  expect(holdsAllListening('')).toBe(false);
  expect(holdsAllListening(listening)).toBe(false);
  expect(holdsAllListening(listening + connected.slice(0, -1))).toBe(false);
  expect(holdsAllListening(listening + connected)).toBe(true);
});

test.each([
  ['::', '00000000000000000000000000000000:0050'],
  ['::1', '00000000000000000000000001000000:0050'],
  ['2001:db8::8:1', 'B80D0120000000000000000001000800:0050'],
  ['::ffff:127.0.0.1', '0000000000000000FFFF00000100007F:0050'],
])('the IPv6 address %s is found as the kernel writes it', (host, local) => {
  const tables = { tcp: HEAD, tcp6: HEAD + row(local, '0A', '00000002'), unix: '' };
  expect(kernelBacklog(tables, [{ kind: 'tcp', host, port: 80 }])).toEqual([2]);
});

test('of a UNIX socket the rows still connecting count; a path may hold blanks', () => {
  const unix = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000001: 00000002 00000000 00010000 0001 01 42356 /run/a b.sock',
    '0000000000000002: 00000003 00000000 00000000 0001 02     0 /run/a b.sock',
    '0000000000000003: 00000003 00000000 00000000 0001 03 42357 /run/a b.sock',
    '0000000000000004: 00000003 00000000 00000000 0001 02     0 /run/a',
    '0000000000000005: 00000003 00000000 00000000 0001 03   573',
    '0000000000000006: 00000003 00000000 00000000 0001 02     0 /run /run/a b.sock',
    '0000000000000007: 00000003 00000000 00000000 0001 02     0 @x /run/a b.sock',
    '',
  ].join('\n');
  const found = kernelBacklog({ tcp: '', tcp6: '', unix }, [{ kind: 'unix', path: '/run/a b.sock' }]);
  expect(found).toEqual([1]);
});

test('what the tables do not hold is not known, rather than nothing', () => {
  const found = kernelBacklog({ tcp: HEAD, tcp6: '', unix: '' }, [
    { kind: 'tcp', host: '127.0.0.1', port: 1 },
    { kind: 'unix', path: '/run/a' },
  ]);
  expect(found).toEqual([null, null]);
});

/** Listens and never accepts: its loop is blocked before it turns to the socket. */
const DEAF = `
  const server = require('net').createServer();
  server.listen(JSON.parse(process.argv[1]), () => {
    process.send(server.address());
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  });`;

function waitingFor(address: BoundAddress): number | null | undefined {
  const read = (name: string): string => readFileSync(`/proc/net/${name}`, 'utf8');
  return kernelBacklog({ tcp: read('tcp'), tcp6: '', unix: read('unix') }, [address])[0];
}

(process.platform === 'linux' ? test : test.skip).each(['tcp', 'unix'] as const)(
  'connections to a real %s listener that accepts nobody are counted',
  async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'pkixd-'));
    const path = join(folder, 'deaf.sock');
    const where = kind === 'unix' ? { path } : { host: '127.0.0.1', port: 0 };
    const deaf = spawn(process.execPath, ['-e', DEAF, JSON.stringify(where)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [bound] = (await once(deaf, 'message')) as [{ address: string; port: number } | string];
    const clients = Array.from({ length: 5 }, () =>
      typeof bound === 'string' ? connect(bound) : connect(bound.port, bound.address),
    );
    const address =
      typeof bound === 'string'
        ? ({ kind: 'unix', path: bound } as const)
        : ({ kind: 'tcp', host: bound.address, port: bound.port } as const);
    try {
      for (const deadline = Date.now() + 60_000; waitingFor(address) !== 5 && Date.now() < deadline;)
        await delay(10);
      expect(waitingFor(address)).toBe(5);
    } finally {
      for (const client of clients) client.on('error', () => undefined).destroy();
      deaf.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  },
);
