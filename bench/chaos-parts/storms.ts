import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestServer } from '../../test/server/test-server.js';

/** Clients that open connections and never ask anything. All of them end with the storm. */

/** Half a command, then a byte a second: resolves to how many the server has closed when all of them are or time is over. */
export async function slowLoris(server: TestServer, connections: number, patience: number): Promise<number> {
  const closed = new Set<net.Socket>();
  const sockets = Array.from({ length: connections }, () => {
    const socket = server.connect();
    socket.on('error', () => undefined);
    socket.on('close', () => closed.add(socket));
    socket.resume().write('VERIFY i');
    return socket;
  });
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('d');
  }, 1000);
  const deadline = performance.now() + patience;
  while (closed.size < connections && performance.now() < deadline) await delay(100);
  clearInterval(drip);
  const byServer = closed.size;
  for (const socket of sockets) socket.destroy();
  return byServer;
}

/** Connections closed as soon as they are open, a few at a time. */
export async function connectAndClose(server: TestServer, connections: number): Promise<void> {
  const one = async (n: number): Promise<void> => {
    const socket = server.connect(n % 2 === 0 ? 'tcp' : 'unix');
    socket.on('error', () => undefined);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    socket.destroy();
  };
  for (let n = 0; n < connections; n += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, place) => one(n + place)));
  }
}

/** Clients that give up while they are being accepted: half of them with a reset, half with an end. */
export async function closeDuringAccept(server: TestServer, connections: number): Promise<void> {
  for (let n = 0; n < connections; n++) {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.once('connect', () => {
      socket.write('VERIFY id=gone\n');
      if (n % 2 === 0) socket.resetAndDestroy();
      else socket.destroySoon();
    });
    if (n % 20 === 0) await once(socket, 'close');
  }
}
