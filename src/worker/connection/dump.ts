import type { Logger } from '../../log.js';
import type { Connection } from './connection.js';

/**
 * Lines per turn of the loop: the link to the primary takes so many without dropping any, and other work is not
 * delayed.
 */
const LINES_A_TURN = 256;

/**
 * Writes a line for each open connection and each request in flight, oldest connection first. Connections that close
 * meanwhile are skipped.
 */
export async function dump(connections: Iterable<Connection>, log: Logger): Promise<void> {
  let lines = 0;
  const write = async (message: string, fields: Readonly<Record<string, unknown>>): Promise<void> => {
    log.info(message, fields);
    lines += 1;
    if (lines % LINES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  for (const connection of connections) {
    const { requests, ...fields } = connection.describe();
    if (fields.phase === 'closed') continue;
    await write('dump: connection', fields);
    for (const request of requests) await write('dump: request', { peer: fields.peer, ...request });
  }
  log.info('dump: done', { lines });
}
