import { once } from 'node:events';
import type { TestServer } from './test-server.js';

/** A client that pings all the while, each time once it has its answer; at its end, what it saw. */
export interface Pinging {
  stop(): Promise<{
    readonly count: number;
    /** ms that an answer took at most, and all of them together. */
    readonly longest: number;
    readonly all: number;
  }>;
}

export function pinging(server: TestServer): Pinging {
  const socket = server.connect();
  const stopped = new AbortController();
  const run: () => ReturnType<Pinging['stop']> = async () => {
    let [count, longest] = [0, 0];
    const began = performance.now();
    while (!stopped.signal.aborted) {
      const sent = performance.now();
      socket.write('PING\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      if (answer.toString() !== 'PONG\n') throw new Error(`the answer to a ping was ${answer.toString()}`);
      longest = Math.max(longest, performance.now() - sent);
      count++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.destroy();
    return { count, longest, all: performance.now() - began };
  };
  const ended = run();
  return {
    stop: () => {
      stopped.abort();
      return ended;
    },
  };
}
