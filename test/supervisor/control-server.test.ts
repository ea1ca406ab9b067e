import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Logger } from '../../src/log.js';
import { ControlServer } from '../../src/supervisor/control-server.js';
import { decode, encode } from '../../src/wire/codec.js';
import type { ControlRequest } from '../../src/wire/control.js';
import { frame, FrameReader } from '../../src/wire/frame.js';

const log = new Logger('error', 'test', () => undefined);
let directory: string;
let path: string;
let server: ControlServer;
let commands: ControlRequest[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pkixd-'));
  path = join(directory, 'control.sock');
  commands = [];
  server = new ControlServer((request) => {
    commands.push(request);
    return { ok: true, result: commands.length };
  });
  await server.listen(path, log);
});

afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

/** What comes back for these bytes until there are so many answers, or the connection ends. */
async function answers(bytes: Buffer, count: number): Promise<unknown[]> {
  const socket = connect(path);
  socket.write(bytes);
  return read(socket, count);
}

async function read(socket: Socket, count: number): Promise<unknown[]> {
  const frames = new FrameReader();
  const found: unknown[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    found.push(...frames.push(chunk).map(decode));
    if (found.length >= count) break;
  }
  return found;
}

const asked = (value: unknown): Buffer => frame(encode(value));

test('several commands on one connection are answered in order', async () => {
  const bytes = Buffer.concat([asked({ command: 'status' }), asked({ command: 'scale', argument: 3 })]);
  expect(await answers(bytes, 2)).toEqual([
    { ok: true, result: 1 },
    { ok: true, result: 2 },
  ]);
  expect(commands).toEqual([{ command: 'status' }, { command: 'scale', argument: 3 }]);
});

test('an order comes with its bytes as they are', async () => {
  const order = { command: 'order', argument: 'fetch', body: Buffer.of(0, 255) };
  expect(await answers(asked(order), 1)).toEqual([{ ok: true, result: 1 }]);
  expect(commands).toEqual([order]);
});

test.each<[string, unknown]>([
  ['no map', 7],
  ['no command', {}],
  ['an unknown command', { command: 'format' }],
  ['an argument that is neither number nor text', { command: 'scale', argument: [3] }],
  ['a body that is no bytes', { command: 'order', argument: 'fetch', body: 'text' }],
])('%s is answered with what is right, and the connection goes on', async (_, value) => {
  const [bad, good] = await answers(Buffer.concat([asked(value), asked({ command: 'status' })]), 2);
  expect(bad).toMatchObject({ ok: false, code: 'BAD_REQUEST', message: expect.stringContaining('restart') });
  expect(good).toMatchObject({ ok: true });
});

test.each<[string, Buffer]>([
  ['a frame over the limit', Buffer.of(0, 1, 0, 1)],
  ['a frame that is no msgpack', frame(Buffer.of(0xdc))],
  ['a line of text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
])('%s ends its own connection, and no other', async (_, bytes) => {
  const other = connect(path);
  await once(other, 'connect');
  expect(await answers(bytes, 2)).toEqual([expect.objectContaining({ ok: false, code: 'BAD_REQUEST' })]);
  other.write(asked({ command: 'status' }));
  expect(await read(other, 1)).toEqual([{ ok: true, result: 1 }]);
});

test('a connection that asks and leaves does no harm', async () => {
  const hasty = connect(path);
  await once(hasty, 'connect');
  hasty.write(asked({ command: 'status' }), () => hasty.destroy());
  await once(hasty, 'close');
  expect(await answers(asked({ command: 'status' }), 1)).toMatchObject([{ ok: true }]);
});

test('a path longer than the system allows is refused with both lengths', async () => {
  const long = join(directory, 'x'.repeat(120));
  await expect(new ControlServer(() => ({ ok: true, result: null })).listen(long, log)).rejects.toMatchObject(
    {
      code: 'SOCKET_PATH_TOO_LONG',
      message: expect.stringMatching(
        new RegExp(`has ${Buffer.byteLength(long)} bytes and the system allows 107`),
      ),
    },
  );
});
