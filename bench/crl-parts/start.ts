import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TestServer } from '../../test/server/test-server.js';
import { median } from '../median.js';
import { cpuOf } from '../server-parts/cpu.js';

/** From the command to ready, ms: of the clock, and of CPU of all processes. */
export interface Start {
  readonly wall: number;
  readonly cpu: number;
}

export interface StartFigures {
  readonly full: Start;
  readonly empty: Start;
  /** The medians of the differences of two starts that follow each other. */
  readonly more: Start;
}

/** Starts a server with a store and with an empty one in turns, so that what else runs costs both the same. */
export async function measureStarts(folder: string, full: string, rounds: number): Promise<StartFigures> {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  // Makes the empty store, and has the program's files read.
  await start(empty);
  const pairs: { readonly full: Start; readonly empty: Start }[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = await start(round % 2 === 0 ? full : empty);
    const second = await start(round % 2 === 0 ? empty : full);
    pairs.push(round % 2 === 0 ? { full: first, empty: second } : { full: second, empty: first });
  }
  const of = (pick: (pair: (typeof pairs)[number], clock: keyof Start) => number): Start => ({
    wall: median(pairs.map((pair) => pick(pair, 'wall'))),
    cpu: median(pairs.map((pair) => pick(pair, 'cpu'))),
  });
  return {
    full: of((pair, clock) => pair.full[clock]),
    empty: of((pair, clock) => pair.empty[clock]),
    more: of((pair, clock) => pair.full[clock] - pair.empty[clock]),
  };
}

async function start(dataDirectory: string): Promise<Start> {
  const began = performance.now();
  const server = await TestServer.start({ workers: { count: 1 }, data: { directory: dataDirectory } });
  const wall = performance.now() - began;
  const cpu = cpuOf(await server.processes()) / 1000;
  await server.stop();
  return { wall, cpu };
}
