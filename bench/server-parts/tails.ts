import { join } from 'node:path';
import type { Generator } from './generator-handle.js';
import { RivalProcess } from './rival-process.js';
import type { Served } from './served.js';

/** ms. */
export interface Tails {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Latencies under one generator at one rate, ours and a bare echo's, which have a slice of time each in turns. */
export interface Beside {
  readonly ours: Tails;
  readonly echo: Tails;
}

/** A second each: whatever else the machine does falls on both. */
const SLICE = 1;
/** Slices of ours behind the replacement of a worker: the first ten seconds of its work. */
const FIRST_SLICES = 10;
const CONNECTIONS = 16;

export interface TailsResult {
  readonly steady: Beside;
  /** From when a worker that takes the place of a killed one is ready. */
  readonly replaced: Beside;
}

/** @param slices of ours, and as many of the echo's. */
export async function measureTails(
  served: Served,
  generator: Generator,
  core: number,
  rate: number,
  slices: number,
): Promise<TailsResult> {
  const path = join(served.directory, 'echo.sock');
  const echo = await RivalProcess.start('bare-echo.js', core, { path });
  const measure = async (count: number): Promise<Beside> => {
    const ours: Float64Array[] = [];
    const theirs: Float64Array[] = [];
    for (let n = 0; n < count; n++) {
      ours.push(await timesOf(served.path, generator, rate));
      theirs.push(await timesOf(path, generator, rate));
    }
    return { ours: tailsOf(ours), echo: tailsOf(theirs) };
  };
  try {
    // The echo's code has to be warm as well.
    for (let n = 0; n < 2; n++) await timesOf(path, generator, rate);
    const steady = await measure(slices);
    await served.replaceWorker();
    return { steady, replaced: await measure(Math.min(slices, FIRST_SLICES)) };
  } finally {
    echo.stop();
  }
}

async function timesOf(path: string, generator: Generator, rate: number): Promise<Float64Array> {
  const { times, sent } = await generator.open(path, rate, SLICE, CONNECTIONS);
  if (times.length === sent) return times;
  throw new Error(`${sent - times.length} of ${sent} requests were not answered as they should be`);
}

/** Over all slices. */
function tailsOf(slices: readonly Float64Array[]): Tails {
  const sorted = Float64Array.from(slices.flatMap((slice) => [...slice])).toSorted();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}
