import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * The system gives ports from 32768 on to connections and to those who bind port 0. What lies below is taken by
 * nothing but a caller of this function, and each test process has a range of its own there.
 */
const RANGE = { first: 10_000, size: 1000, count: 20 } as const;

const first = RANGE.first + (Number(process.env['JEST_WORKER_ID'] ?? 0) % RANGE.count) * RANGE.size;
// Two runs of the tests on one machine hardly begin at the same place.
let next = process.pid % RANGE.size;

/** A TCP port for a server that must be told its port; it stays free until that server binds it. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < RANGE.size; tried++) {
    const port = first + (next++ % RANGE.size);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${first} to ${first + RANGE.size - 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
