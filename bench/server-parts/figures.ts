import type { Chain } from '../engine-parts/chain.js';
import { bare } from '../engine-parts/contender.js';
import { median } from '../median.js';
import { anonymousMemoryOf } from './cpu.js';
import type { Generator } from './generator-handle.js';
import type { LoadResult } from './job.js';
import { RivalProcess } from './rival-process.js';
import { bodiesOf, type Served } from './served.js';

/** How long and how often things are measured. */
export interface Effort {
  readonly rounds: number;
  readonly requests: number;
  readonly seconds: number;
  readonly idle: number;
  readonly visits: number;
  /** Seconds of latencies beside a bare echo's. */
  readonly slices: number;
}

export interface Figure {
  readonly value: number;
  readonly reference: number;
  readonly ratio: number;
}

/** Connections of the open loops: more requests than the queue holds may be under way. */
const OPEN_CONNECTIONS = 128;
const MIDDLE_CONNECTIONS = 16;
/** So much longer are latencies measured, lest one hiccup of the machine makes a p99. */
const CALM = 2;

/** µs of all server processes for one request with another leaf each, beside one bare check in the same round. */
export async function perRequest(
  chain: Chain,
  served: Served,
  generator: Generator,
  { rounds, requests }: Effort,
): Promise<Figure & { readonly peak: number }> {
  await generator.load(bodiesOf(chain));
  await generator.closed(served.path, requests);
  const samples: (Figure & { readonly rate: number })[] = [];
  for (let round = 0; round < rounds; round++) {
    const reference = bareMicroseconds(chain);
    const before = served.cpu();
    const { valid, seconds } = insistAllValid(await generator.closed(served.path, requests));
    const value = (served.cpu() - before) / valid;
    samples.push({ value, reference, ratio: value / reference, rate: valid / seconds });
  }
  return {
    value: median(samples.map(({ value }) => value)),
    reference: median(samples.map(({ reference }) => reference)),
    ratio: median(samples.map(({ ratio }) => ratio)),
    peak: median(samples.map(({ rate }) => rate)),
  };
}

/** µs for a request that was asked before, word for word. */
export async function perRepeated(
  chain: Chain,
  served: Served,
  generator: Generator,
  { rounds, requests }: Effort,
): Promise<number> {
  await generator.load(bodiesOf(chain).slice(0, 16));
  await generator.closed(served.path, requests);
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = served.cpu();
    const { valid } = insistAllValid(await generator.closed(served.path, requests));
    samples.push((served.cpu() - before) / valid);
  }
  return median(samples);
}

/**
 * Latencies at half of the peak, with and without idle connections beside them. These belong to a process of its own:
 * what thousands of connections cost their client is not the server's doing.
 */
export async function latencies(
  served: Served,
  generator: Generator,
  idleClient: Generator,
  peak: number,
  { seconds, idle }: Effort,
): Promise<{ readonly alone: LoadResult; readonly ratio: number; readonly memoryEach: number }> {
  const measure = (): Promise<LoadResult> =>
    generator.open(served.path, peak / 2, seconds * CALM, MIDDLE_CONNECTIONS);
  await measure();
  const alone: LoadResult[] = [];
  const ratios: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < 5; round++) {
    const without = insistAllValid(await measure());
    const before = anonymousMemoryOf(served.pids);
    await idleClient.hold(served.path, idle);
    memory.push((anonymousMemoryOf(served.pids) - before) / idle);
    const beside = insistAllValid(await measure());
    await idleClient.release();
    alone.push(without);
    ratios.push(beside.p99 / without.p99);
  }
  const [best] = alone.toSorted((a, b) => a.p99 - b.p99).slice(Math.floor(alone.length / 2));
  if (!best) throw new Error('nothing was measured');
  // The first round makes room that the later ones find.
  return { alone: best, ratio: median(ratios), memoryEach: memory[0] ?? Number.NaN };
}

/** Three times as much as can be done. */
export function overload(
  served: Served,
  generator: Generator,
  peak: number,
  { seconds }: Effort,
): Promise<LoadResult> {
  return generator.open(served.path, peak * 3, seconds * 2, OPEN_CONNECTIONS);
}

/** µs for a connection with one line and its answer, ours and a bare cluster's. */
export async function handover(
  served: Served,
  generator: Generator,
  core: number,
  { rounds, visits }: Effort,
): Promise<Figure> {
  const echo = await RivalProcess.start('echo-cluster.js', core);
  const each = async (server: Pick<Served, 'port' | 'cpu'>): Promise<number> => {
    const before = server.cpu();
    await generator.visit(server.port, visits);
    return (server.cpu() - before) / visits;
  };
  await each(echo);
  await each(served);
  const samples: Figure[] = [];
  for (let round = 0; round < rounds; round++) {
    const reference = await each(echo);
    const value = await each(served);
    samples.push({ value, reference, ratio: reference / value });
  }
  echo.stop();
  return {
    value: median(samples.map(({ value }) => value)),
    reference: median(samples.map(({ reference }) => reference)),
    ratio: median(samples.map(({ ratio }) => ratio)),
  };
}

function bareMicroseconds(chain: Chain): number {
  const reference = bare(chain);
  for (const leaf of chain.leaves) void reference.warm(leaf);
  const before = process.cpuUsage();
  for (const leaf of chain.leaves) void reference.warm(leaf);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / chain.leaves.length;
}

function insistAllValid(result: LoadResult): LoadResult {
  if (result.valid === result.sent) return result;
  throw new Error(`not every request was answered valid: ${JSON.stringify(result)}`);
}
