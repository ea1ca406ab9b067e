import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { refuse } from '../../src/supervisor/refusal.js';

let server: Server;
let refused: Socket[];

beforeEach(async () => {
  refused = [];
  server = createServer({ pauseOnConnect: true }, (socket) => {
    refused.push(socket);
    refuse(socket, Buffer.from('BUSY\n'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.close();
});

function client(): Socket {
  const address = server.address();
  return connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, allowHalfOpen: true });
}

test('the answer arrives whole though the client has sent a lot that nobody reads', async () => {
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
  // It keeps its half open; the server closes all the same.
  const [mine] = refused;
  if (mine && !mine.destroyed) await once(mine, 'close');
  expect(mine?.destroyed).toBe(true);
  socket.destroy();
});
