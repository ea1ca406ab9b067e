import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { callServer } from '../../src/client/control-client.js';
import { decode, encode } from '../../src/wire/codec.js';
import { frame, FrameReader } from '../../src/wire/frame.js';

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-control-'));
});
afterEach(() => {
  server?.close();
  rmSync(folder, { recursive: true });
});

async function serve(answer: (socket: Socket, command: unknown) => void): Promise<string> {
  const path = join(folder, 'control.sock');
  server = createServer((socket) => {
    const reader = new FrameReader();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => reader.push(chunk).forEach((body) => answer(socket, decode(body))));
  }).listen(path);
  await once(server, 'listening');
  return path;
}

test('a command goes out and its result comes back', async () => {
  const path = await serve((socket, command) =>
    socket.write(frame(encode({ ok: true, result: { command } }))),
  );
  const result = await callServer(path, { command: 'scale', argument: 3 }, 60_000);
  expect(result).toEqual({ command: { command: 'scale', argument: 3 } });
});

test('a refusal keeps its code and message', async () => {
  const path = await serve((socket) =>
    socket.write(frame(encode({ ok: false, code: 'NO_WORKER', message: 'no worker 9' }))),
  );
  await expect(callServer(path, { command: 'restart', argument: 9 }, 60_000)).rejects.toMatchObject({
    code: 'NO_WORKER',
    message: 'no worker 9',
  });
});

test.each([
  ['closes', (socket: Socket) => socket.end(), 'CONNECTION_LOST'],
  ['answers in another form', (socket: Socket) => socket.write(frame(encode('hello'))), 'BAD_ANSWER'],
  [
    'announces more than a frame may hold',
    (socket: Socket) => socket.write(Buffer.alloc(8, 0xff)),
    'FRAME_TOO_LARGE',
  ],
])('a server that %s is an error at once', async (_, answer, code) => {
  const path = await serve((socket) => answer(socket));
  await expect(callServer(path, { command: 'status' }, 60_000)).rejects.toMatchObject({ code });
});

test('a server that is silent is an error after the time given, not a wait', async () => {
  const path = await serve(() => undefined);
  await expect(callServer(path, { command: 'status' }, 100)).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    message: expect.stringContaining('within 100 ms'),
  });
});

test('no server is told as such', async () => {
  await expect(callServer(join(folder, 'none.sock'), { command: 'status' }, 60_000)).rejects.toMatchObject({
    code: 'NOT_LISTENING',
  });
});
