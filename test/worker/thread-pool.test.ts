import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withShortTime } from '../short-time.js';
import { type LogRecord, Logger } from '../../src/log.js';
import type { TaskOutcome } from '../../src/wire/task.js';
import { SYSTEM_CLOCK } from '../../src/worker/clock.js';
import { abandon, newRequest, type RequestFlow } from '../../src/worker/queued-request.js';
import { RequestQueue } from '../../src/worker/request-queue.js';
import type { ThreadPoolOptions } from '../../src/worker/thread-pool-options.js';
import { ThreadPool } from '../../src/worker/thread-pool.js';

const pools: ThreadPool[] = [];
let folder: string;
/** For the task `await`. */
let cue: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-pool-'));
  cue = join(folder, 'cue');
});
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
  rmSync(folder, { recursive: true });
});

async function startPool(options: Partial<ThreadPoolOptions> = {}) {
  const logged: LogRecord[] = [];
  const queue = new RequestQueue(1000, Infinity);
  const log = new Logger('debug', 'test', (record) => {
    logged.push(record);
  });
  const needs: string[] = [];
  const notices: string[] = [];
  const pool = new ThreadPool(
    {
      entry: new URL('entry/thread.mjs', import.meta.url),
      setup: {},
      count: 1,
      batch: 32,
      taskTimeout: 60_000,
      bootTimeout: 60_000,
      onNeeds: (request, step, asked) => {
        needs.push(`${step} ${Buffer.from(asked).toString()}`);
        request.attempt = { number: 1, isLast: true, found: Buffer.from('what was found') };
        queue.requeue([request]);
        pool.wake();
      },
      onNotice: (name, notice) => {
        notices.push(`${name} ${Buffer.from(notice).toString()}`);
      },
      onStuck: () => {},
      ...options,
    },
    queue,
    log,
    SYSTEM_CLOCK,
  );
  pools.push(pool);
  const order: string[] = [];
  const run = (name: string, body = '', flow?: RequestFlow): Promise<TaskOutcome> =>
    new Promise((resolve) => {
      queue.push(
        newRequest({ name, body: Buffer.from(body) }, SYSTEM_CLOCK.now(), (outcome) => {
          order.push(body === '' ? name : `${name} ${body}`);
          resolve(outcome);
        }),
        flow,
      );
      pool.wake();
    });
  return { pool, queue, run, order, logged, needs, notices };
}

const text = (outcome: TaskOutcome): string =>
  outcome.kind === 'done' ? Buffer.from(outcome.body).toString() : `${outcome.code}: ${outcome.message}`;

const all = async (outcomes: Promise<TaskOutcome>[]): Promise<string[]> =>
  (await Promise.all(outcomes)).map(text);

test('requests that wait for the first thread are answered once it is ready', async () => {
  const { pool, run } = await startPool();
  const outcome = run('echo', 'early');
  await pool.start();
  expect(text(await outcome)).toBe('early');
});

test.each(['at once', 'behind one that was cheap'])(
  'heavy tasks on two connections, %s, let one of another wait for two of them at most',
  async (when) => {
    const { pool, queue, run, order } = await startPool();
    await pool.start();
    const attackers = [queue.open('a', 0), queue.open('a', 0)];
    const victim = queue.open('a', 0);
    await run('echo', 'first', victim);
    if (when !== 'at once') await Promise.all(attackers.map((flow) => run('echo', 'cheap', flow)));
    order.length = 0;
    const heavy = Array.from({ length: 16 }, (_, n) => run('spin', '150', attackers[n % 2]));
    await until(() => pool.busyThreads === 1);
    await run('echo', 'mine', victim);
    expect(order.length).toBeLessThanOrEqual(3);
    await Promise.all(heavy);
  },
);

test('a thousand tasks in batches come back each with its own result, in order', async () => {
  const { pool, run, order } = await startPool({ count: 1 });
  await pool.start();
  const bodies = Array.from({ length: 1000 }, (_, index) => `task ${index} ${'x'.repeat(index % 7)}`);
  expect(await all(bodies.map((body) => run('echo', body)))).toEqual(bodies);
  expect(order).toEqual(bodies.map((body) => `echo ${body}`));
});

test('several threads share the queue', async () => {
  const { pool, run } = await startPool({ count: 2 });
  await pool.start();
  const slow = run('await', cue);
  expect(text(await run('echo', 'beside it'))).toBe('beside it');
  expect(pool.busyThreads).toBe(1);
  writeFileSync(cue, '');
  expect(text(await slow)).toBe('it is there');
});

test('a task that throws fails alone, is logged, and leaves its thread alive', async () => {
  const { pool, run, logged } = await startPool();
  await pool.start();
  const outcomes = await all([run('echo', 'a'), run('throw'), run('echo', 'b')]);
  expect(outcomes).toEqual(['a', 'INTERNAL: thrown on purpose', 'b']);
  expect(pool.restarts).toBe(0);
  expect(logged.map(({ level, message }) => `${level} ${message}`)).toContain('error task throw threw');
});

test('a task past its limit fails with TIMEOUT, its thread is replaced, its batch mates are answered', async () => {
  await withShortTime(100, async (taskTimeout) => {
    const { pool, run, order } = await startPool({ taskTimeout });
    await pool.start();
    const outcomes = await all([run('echo', 'a'), run('hang'), run('echo', 'b'), run('echo', 'c')]);
    expect(outcomes).toEqual(['a', `TIMEOUT: task "hang" ran past its limit of ${taskTimeout} ms`, 'b', 'c']);
    expect(order.indexOf('echo b')).toBeLessThan(order.indexOf('echo c'));
    expect(pool.timeouts).toBe(1);
    expect(pool.restarts).toBe(1);
    expect(pool.threadCount).toBe(1);
  });
});

test('two tasks that hang in one batch each cost a thread and no other request', async () => {
  await withShortTime(100, async (taskTimeout) => {
    const { pool, run } = await startPool({ taskTimeout });
    await pool.start();
    const outcomes = await all([run('hang'), run('echo', 'a'), run('hang'), run('echo', 'b')]);
    expect(outcomes.map((outcome) => outcome.split(':')[0])).toEqual(['TIMEOUT', 'a', 'TIMEOUT', 'b']);
    expect(pool.timeouts).toBe(2);
  });
});

test('a task that hangs holds up nobody who came later, and its stand-in stays in its place', async () => {
  const { pool, run } = await startPool();
  await pool.start();
  const hung = run('await', cue);
  await until(() => pool.busyThreads === 1);
  expect(await all([run('echo', 'a'), run('echo', 'b')])).toEqual(['a', 'b']);
  expect(pool.threadCount).toBe(2);
  writeFileSync(cue, '');
  expect(text(await hung)).toBe('it is there');
  expect(pool.threadCount).toBe(1);
  expect(await all([run('echo', 'c')])).toEqual(['c']);
  expect(pool.restarts).toBe(0);
});

test('a task that takes long holds up none of its batch, and each of them is answered once', async () => {
  const { pool, run, order } = await startPool();
  await pool.start();
  const outcomes = [run('echo', 'before'), run('await', cue), run('echo', 'b'), run('echo', 'c')];
  await until(() => order.length === 3);
  writeFileSync(cue, '');
  expect(await all(outcomes)).toEqual(['before', 'it is there', 'b', 'c']);
  expect(order).toEqual(['echo before', 'echo b', 'echo c', `await ${cue}`]);
  await until(() => pool.busyThreads === 0);
  expect(pool.threadCount).toBe(1);
  expect(await all([run('echo', 'd'), run('echo', 'e')])).toEqual(['d', 'e']);
  expect(order.slice(4)).toEqual(['echo d', 'echo e']);
  expect(pool.restarts).toBe(0);
});

test('however many tasks hang, there are never more than twice the threads', async () => {
  await withShortTime(1000, async (taskTimeout) => {
    const { pool, run } = await startPool({ taskTimeout, batch: 1 });
    await pool.start();
    let most = 0;
    const look = setInterval(() => (most = Math.max(most, pool.threadCount)), 5);
    const outcomes = await all([...Array.from({ length: 4 }, () => run('hang')), run('echo', 'last')]);
    clearInterval(look);
    expect(outcomes.map((outcome) => outcome.split(':')[0])).toEqual([...Array(4).fill('TIMEOUT'), 'last']);
    expect(most).toBe(2);
    expect(pool.threadCount).toBe(1);
  });
});

test('a long batch of tasks that are each within their limit is left alone', async () => {
  await withShortTime(400, async (taskTimeout) => {
    const { pool, run } = await startPool({ taskTimeout });
    await pool.start();
    const outcomes = await all(Array.from({ length: 8 }, () => run('spin', String(taskTimeout / 5))));
    expect(new Set(outcomes)).toEqual(new Set(['spun']));
    expect(pool.restarts).toBe(0);
  });
});

test('results of a slow batch are sent before its last task is done', async () => {
  const { pool, run, order } = await startPool();
  await pool.start();
  const quick = run('spin', '20');
  const slow = run('await', cue);
  await quick;
  expect(order).toEqual(['spin 20']);
  writeFileSync(cue, '');
  await slow;
});

test('a task that killed its thread once is tried again', async () => {
  const { pool, run } = await startPool();
  await pool.start();
  const outcomes = await all([run('echo', 'a'), run('exitOnce', join(folder, 'marker')), run('echo', 'b')]);
  expect(outcomes).toEqual(['a', 'survived', 'b']);
  expect(pool.restarts).toBe(1);
});

test('a task that kills its thread twice fails with INTERNAL, and its batch mates are answered', async () => {
  const { pool, run } = await startPool();
  await pool.start();
  const outcomes = await all([run('echo', 'a'), run('exit'), run('echo', 'b')]);
  expect(outcomes[0]).toBe('a');
  expect(outcomes[1]).toBe('INTERNAL: a task thread died twice of this task: it exited with code 7');
  expect(outcomes[2]).toBe('b');
  expect(pool.restarts).toBe(2);
});

test('a task that no thread knows fails with INTERNAL and costs nothing', async () => {
  const { pool, run } = await startPool();
  await pool.start();
  expect(await all([run('unheard'), run('echo', 'a')])).toEqual([
    'INTERNAL: no thread knows the task "unheard"',
    'a',
  ]);
  expect(pool.restarts).toBe(0);
});

test('a task that asks for a step is run again with what the step found, and its time adds up', async () => {
  const { pool, run, needs } = await startPool();
  await pool.start();
  expect(text(await run('ask', '1 for it'))).toBe('attempt 1: what was found');
  expect(needs).toEqual(['look 1 for it']);
});

test('a last attempt that asks for a step fails', async () => {
  const { pool, run } = await startPool();
  await pool.start();
  expect(text(await run('ask', '2 times'))).toBe('INTERNAL: its last attempt asked for the step "look"');
});

test('what a thread has to tell beside results comes before the result', async () => {
  const { pool, run, notices } = await startPool();
  await pool.start();
  await run('tell', 'something');
  expect(notices).toEqual(['told something']);
});

test('an abandoned request is not run', async () => {
  const { pool, queue, run, order } = await startPool();
  const abandoned = newRequest({ name: 'echo', body: Buffer.from('nobody waits') }, 0, (outcome) => {
    order.push(outcome.kind === 'failed' ? outcome.code : 'run');
  });
  abandon(abandoned);
  queue.push(abandoned);
  await pool.start();
  await run('echo', 'a');
  expect(order).toEqual(['CANCELLED', 'echo a']);
});

test('threads that never get ready are replaced with growing pauses, and after five the pool says it is stuck', async () => {
  const reason = await new Promise<string>((resolve) => {
    void startPool({ setup: { stillborn: true }, onStuck: resolve }).then(({ pool }) => pool.start());
  });
  expect(reason).toBe('5 task threads in a row did not get ready; the last: it exited with code 3');
});

test('a pool grows at once, and shrinks without costing a task', async () => {
  const { pool, run } = await startPool();
  await pool.start();
  pool.resize(3);
  const slow = Array.from({ length: 3 }, () => run('spin', '300'));
  expect(await all(slow)).toEqual(['spun', 'spun', 'spun']);
  await until(() => pool.settled);
  expect(pool.threadCount).toBe(3);
  const more = Array.from({ length: 3 }, () => run('spin', '100'));
  pool.resize(1);
  expect(await all(more)).toEqual(['spun', 'spun', 'spun']);
  await until(() => pool.threadCount === 1 && pool.settled);
  expect(pool.restarts).toBe(0);
  expect(await all([run('echo', 'a')])).toEqual(['a']);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
