import { Piscina } from 'piscina';
import { Logger } from '../src/log.js';
import { SYSTEM_CLOCK } from '../src/worker/clock.js';
import { RequestQueue } from '../src/worker/request-queue.js';
import { ThreadPool } from '../src/worker/thread-pool.js';
import type { BenchOptions, BenchResult } from './report.js';

/**
 * Tasks a second through the pull pool ÷ piscina's, with as many threads, in the same run: a task of no work,
 * 1.5 KB in, a small object out, 64 in flight. Rounds alternate between the two and the medians are compared, so
 * that a passing disturbance of the machine hits both.
 */
const IN_FLIGHT = 64;
const BODY = new Uint8Array(1500).fill(0x30);
const GOAL = 3;

type RunTask = () => Promise<unknown>;

export async function run({ brief }: BenchOptions): Promise<BenchResult> {
  const rows = [];
  const ratios: number[] = [];
  for (const threads of [1, 2]) {
    const { pull, piscina } = await measure(threads, brief ? 1 : 7, brief ? 200 : 40_000);
    const ratio = pull / piscina;
    ratios.push(ratio);
    rows.push({
      name: `pull pool, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      value: pull,
      unit: 'tasks/s',
      reference: { name: 'piscina', value: piscina },
      ratio,
    });
  }
  const value = Math.min(...ratios);
  return { rows, goals: [{ what: 'pull pool ÷ piscina', value, limit: GOAL, side: 'at least', unit: '×' }] };
}

async function measure(
  threads: number,
  rounds: number,
  tasks: number,
): Promise<Record<'pull' | 'piscina', number>> {
  const pull = await pullPool(threads);
  const piscina = piscinaPool(threads);
  const rates = { pull: [] as number[], piscina: [] as number[] };
  await Promise.all([tasksPerSecond(pull.runTask, tasks / 4), tasksPerSecond(piscina.runTask, tasks / 4)]);
  for (let round = 0; round < rounds; round++) {
    rates.pull.push(await tasksPerSecond(pull.runTask, tasks));
    rates.piscina.push(await tasksPerSecond(piscina.runTask, tasks));
  }
  pull.close();
  await piscina.close();
  return { pull: median(rates.pull), piscina: median(rates.piscina) };
}

async function pullPool(threads: number): Promise<{ runTask: RunTask; close: () => void }> {
  const queue = new RequestQueue(IN_FLIGHT);
  const pool = new ThreadPool(
    {
      entry: new URL('pool-thread.mjs', import.meta.url),
      setup: undefined,
      count: threads,
      batch: 32,
      taskTimeout: 5000,
      bootTimeout: 10_000,
      onStuck: (reason) => {
        throw new Error(reason);
      },
    },
    queue,
    new Logger('error', 'bench', console.error),
    SYSTEM_CLOCK,
  );
  await pool.start();
  const runTask = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const request = {
        task: { name: 'nothing', body: BODY },
        queuedAt: performance.now(),
        abandoned: false,
        deaths: 0,
        settle: resolve,
      };
      if (!queue.push(request)) reject(new Error('the queue is full'));
      pool.wake();
    });
  return {
    runTask,
    close: () => {
      pool.close();
    },
  };
}

function piscinaPool(threads: number): { runTask: RunTask; close: () => Promise<void> } {
  const pool = new Piscina({
    filename: new URL('pool-piscina.mjs', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  });
  return { runTask: () => pool.run(BODY), close: () => pool.close() };
}

async function tasksPerSecond(runTask: RunTask, tasks: number): Promise<number> {
  let left = tasks;
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    while (left-- > 0) await runTask();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  return tasks / ((performance.now() - startedAt) / 1000);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
