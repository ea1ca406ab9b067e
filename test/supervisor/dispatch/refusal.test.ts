import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { refuse } from '../../../src/supervisor/dispatch/refusal.js';
import { takeHandles } from '../../../src/wire/connection-handle.js';

let server: Server;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  takeHandles(server, (handle) => refuse(handle, Buffer.from('BUSY\n')));
});

afterEach(() => {
  jest.useRealTimers();
  server.close();
});

function client(): Socket {
  const address = server.address();
  return connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, allowHalfOpen: true });
}

test('the answer arrives completely though the client has sent a lot of unread input', async () => {
  // However long that takes here, it is not cut off.
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  const socket = client();
  socket.write(Buffer.alloc(1024 * 1024));
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(socket, 'end');
  expect(text).toBe('BUSY\n');
  socket.end();
  await once(socket, 'close');
});

test('a client that never lets go is cut off', async () => {
  const socket = client();
  socket.on('error', () => undefined);
  await once(socket.resume(), 'end');
  // It keeps its half open, until what it sends meets a connection that is closed.
  const pestering = setInterval(() => socket.write('still here'), 20);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(pestering);
  expect(socket.errored).not.toBeNull();
});

test('of many refused at once every one gets the answer, beyond those that linger too', async () => {
  const answers: Promise<string>[] = [];
  for (let wave = 0; wave < 13; wave++) {
    // No more at once than wait in the backlog: the kernel leaves a client open that found no place there.
    const sockets = Array.from({ length: 100 }, () => client());
    answers.push(...sockets.map(answerTo));
    await Promise.all(
      sockets.map(async (socket) => socket.readyState === 'open' || (await once(socket, 'connect'))),
    );
  }
  expect((await Promise.all(answers)).filter((text) => text === 'BUSY\n')).toHaveLength(answers.length);
});

/** What it is told. It holds on to the connection for as long as it may, and longer than a refused client lingers. */
async function answerTo(socket: Socket): Promise<string> {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('end', () => setTimeout(() => socket.destroy(), 2000));
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}
