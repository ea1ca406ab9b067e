import { Piscina } from 'piscina';
import { Logger } from '../src/log.js';
import { SYSTEM_CLOCK } from '../src/worker/clock.js';
import { newRequest } from '../src/worker/requests/queued-request.js';
import { RequestQueue } from '../src/worker/requests/request-queue.js';
import { ThreadPool } from '../src/worker/threads/thread-pool.js';
import { median } from './median.js';
import type { BenchOptions, BenchResult, Row } from './report.js';

/**
 * Tasks a second through the pull pool ÷ piscina's, with as many threads, in the same run: a task of no work,
 * 1.5 KB in, a small object out, 64 in flight. Piscina runs twice: as it comes, and told that a thread may hold its
 * share of all 64, which suits it best; the goal is judged by the first. Short rounds of all three
 * alternate, and the median of the rounds' ratios counts, so that a disturbance of the machine hits all alike.
 */
const IN_FLIGHT = 64;
const BODY = new Uint8Array(1500).fill(0x30);
const GOAL = 3;
const AS_IT_COMES = 'piscina';

type RunTask = () => Promise<unknown>;

interface Contender {
  readonly name: string;
  readonly runTask: RunTask;
  close(): Promise<void> | void;
}

export async function run({ brief }: BenchOptions): Promise<BenchResult> {
  const rows: Row[] = [];
  for (const threads of [1, 2]) rows.push(...(await measure(threads, brief ? 1 : 15, brief ? 500 : 15_000)));
  const asItComes = rows.filter(({ reference }) => reference?.name === AS_IT_COMES);
  const value = Math.min(...asItComes.map(({ ratio }) => ratio ?? 0));
  return { rows, goals: [{ what: 'pull pool ÷ piscina', value, limit: GOAL, side: 'at least', unit: '×' }] };
}

async function measure(threads: number, rounds: number, tasks: number): Promise<Row[]> {
  const pull = await pullPool(threads);
  const others = [
    piscinaPool(AS_IT_COMES, threads, 1),
    piscinaPool('piscina, tuned', threads, IN_FLIGHT / threads),
  ];
  const rates = new Map<Contender, number[]>([pull, ...others].map((contender) => [contender, []]));
  for (const { runTask } of rates.keys()) await tasksPerSecond(runTask, tasks);
  for (let round = 0; round < rounds; round++) {
    for (const [{ runTask }, measured] of rates) measured.push(await tasksPerSecond(runTask, tasks));
  }
  for (const contender of rates.keys()) await contender.close();
  const pulled = rates.get(pull) ?? [];
  return others.map((other) => {
    const reached = rates.get(other) ?? [];
    return {
      name: `${pull.name}, threads: ${threads}`,
      value: median(pulled),
      unit: 'tasks/s',
      reference: { name: other.name, value: median(reached) },
      ratio: median(pulled.map((rate, round) => rate / (reached[round] ?? NaN))),
    };
  });
}

async function pullPool(threads: number): Promise<Contender> {
  const queue = new RequestQueue(IN_FLIGHT, Infinity);
  const pool = new ThreadPool(
    {
      entry: new URL('threads/pull.js', import.meta.url),
      setup: undefined,
      count: threads,
      batch: 32,
      spare: false,
      taskTimeout: 5000,
      bootTimeout: 10_000,
      onNeeds: () => {},
      onNotice: () => {},
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
      const request = newRequest({ name: 'nothing', body: BODY }, performance.now(), resolve);
      if (!queue.hasRoomFor(BODY.length)) reject(new Error('the queue is full'));
      queue.push(request);
      pool.wake();
    });
  return {
    name: 'pull pool',
    runTask,
    close: () => {
      pool.close();
    },
  };
}

function piscinaPool(name: string, threads: number, tasksPerThread: number): Contender {
  const pool = new Piscina({
    filename: new URL('threads/piscina.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: tasksPerThread,
  });
  return { name, runTask: () => pool.run(BODY), close: () => pool.close() };
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
