import { spawn } from 'node:child_process';
import { Duplex, PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { WorkerChannel } from '../../../src/supervisor/fleet/worker-channel.js';
import { decode, encode } from '../../../src/wire/codec.js';
import { frame, FrameReader } from '../../../src/wire/frame.js';
import type { ToPrimary } from '../../../src/wire/ipc.js';
import { alive } from '../../server/test-server.js';

function opened(): {
  channel: WorkerChannel;
  fromWorker: PassThrough;
  toWorker: PassThrough;
  heard: ToPrimary[];
  broken: string[];
} {
  const [fromWorker, toWorker] = [new PassThrough(), new PassThrough()];
  const heard: ToPrimary[] = [];
  const broken: string[] = [];
  const channel = new WorkerChannel(fromWorker, toWorker, {
    message: (message) => heard.push(message),
    broken: (reason) => broken.push(reason),
    closed: () => undefined,
  });
  return { channel, fromWorker, toWorker, heard, broken };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('messages arrive however the bytes are cut', async () => {
  const { fromWorker, heard } = opened();
  const bytes = Buffer.concat(
    [{ type: 'drained' }, { type: 'accepted', ids: [1] }].map((m) => frame(encode(m))),
  );
  for (const byte of bytes) fromWorker.write(Buffer.of(byte));
  await settled();
  expect(heard).toEqual([{ type: 'drained' }, { type: 'accepted', ids: [1] }]);
});

test.each<[string, Buffer]>([
  ['bytes that are no msgpack', frame(Buffer.of(0xc1))],
  ['a value that is no message', frame(encode({ type: 'shutdown' }))],
  ['an announced gigabyte', Buffer.of(0x40, 0, 0, 0)],
])('%s: broken, once, and nothing after it is heard', async (_, garbage) => {
  const { fromWorker, heard, broken } = opened();
  fromWorker.write(Buffer.concat([frame(encode({ type: 'drained' })), garbage]));
  fromWorker.write(frame(encode({ type: 'drained' })));
  fromWorker.write(garbage);
  await settled();
  expect(broken).toHaveLength(1);
  expect(heard.length).toBeLessThanOrEqual(1);
});

test('what is sent is a frame of msgpack', async () => {
  const { channel, toWorker } = opened();
  channel.send({ type: 'ping', sequence: 5 });
  await settled();
  const sent: Buffer = toWorker.read();
  const [body] = new FrameReader().push(sent);
  expect(body && decode(body)).toEqual({ type: 'ping', sequence: 5 });
});

test('a worker that reads nothing is broken before it fills the memory', () => {
  const stalled = new Duplex({ read: () => undefined, write: () => undefined });
  const broken: string[] = [];
  const channel = new WorkerChannel(stalled, stalled, {
    message: () => undefined,
    broken: (reason) => broken.push(reason),
    closed: () => undefined,
  });
  const status = 'x'.repeat(1024 * 1024);
  for (let request = 0; request < 100; request++) channel.send({ type: 'status', request, status });
  expect(broken).toEqual(['it does not read what it is sent']);
  expect(stalled.writableLength).toBeLessThan(20 * 1024 * 1024);
});

test('what a worker said before its death is heard, even when it was written to in between', async () => {
  // It says its last, leaves what it was sent unread, and is killed while its parent is busy.
  const script = `
    const { Socket } = require('node:net');
    new Socket({ fd: 4 }).write(Buffer.from(process.argv[1], 'hex'), () => process.kill(process.pid, 'SIGKILL'));`;
  const last = frame(encode({ type: 'accepted', ids: [1] })).toString('hex');
  const stdio = ['ignore', 'ignore', 'ignore', 'ignore', 'pipe', 'ignore', 'pipe'] as const;
  const child = spawn(process.execPath, ['-e', script, last], { stdio: [...stdio] });
  const [fromWorker, , toWorker] = child.stdio.slice(4);
  if (!(fromWorker instanceof Duplex && toWorker instanceof Duplex)) throw new Error('no pipes');
  const heard: ToPrimary[] = [];
  let onClosed!: () => void;
  const closed = new Promise<void>((resolve) => (onClosed = resolve));
  const channel = new WorkerChannel(fromWorker, toWorker, {
    message: (message) => heard.push(message),
    broken: () => undefined,
    closed: onClosed,
  });
  channel.send({ type: 'ping', sequence: 1 });
  // Busy until it is dead: a zombie still, since nobody can wait for it meanwhile.
  while (alive(child.pid ?? 0));
  channel.send({ type: 'ping', sequence: 2 });
  await closed;
  expect(heard).toEqual([{ type: 'accepted', ids: [1] }]);
});
