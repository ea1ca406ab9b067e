import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { THREAD_LIMITS } from '../src/worker/threads/thread-handle.js';
import type { BenchOptions, BenchResult } from './report.js';
import type { VerdictsData } from './threads/verdicts.js';

/**
 * Whether verifying for long makes a task thread grow: anonymous memory after the first verdicts and after a million,
 * in a thread limited as the product's are. The leaves are more than any memory of the engine holds.
 */
const LEAVES = 5000;
const FIRST = 10_000;
const ALL = 1_000_000;
const LIMIT = 10;

export async function run({ brief }: BenchOptions): Promise<BenchResult> {
  const [first, all] = brief ? [100, 1000] : [FIRST, ALL];
  const workerData: VerdictsData = { leaves: brief ? 100 : LEAVES };
  const thread = new Worker(new URL('threads/verdicts.js', import.meta.url), {
    workerData,
    resourceLimits: THREAD_LIMITS,
  });
  const memoryAfter = async (verdicts: number): Promise<number> => {
    const answer = once(thread, 'message');
    thread.postMessage(verdicts);
    return Number((await answer)[0]);
  };
  const before = await memoryAfter(first);
  // In steps, so that a person sees it move.
  for (let reached = first; reached < all; reached += all / 10) {
    await memoryAfter(reached);
    process.stderr.write(`memory: ${reached} of ${all} verdicts\r`);
  }
  const after = await memoryAfter(all);
  await thread.terminate();
  const reference = { name: `after ${first}`, value: before };
  return {
    rows: [
      { name: `memory after ${all} verdicts`, value: after, unit: 'MB', reference, ratio: after / before },
    ],
    goals: [
      {
        what: 'growth of anonymous memory',
        value: after - before,
        limit: LIMIT,
        side: 'at most',
        unit: 'MB',
      },
    ],
  };
}
