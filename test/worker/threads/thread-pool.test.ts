import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withShortTime } from '../../short-time.js';
import { type LogRecord, Logger } from '../../../src/log.js';
import type { TaskOutcome } from '../../../src/wire/task.js';
import { type Clock, SYSTEM_CLOCK } from '../../../src/worker/clock.js';
import { abandon, newRequest, type RequestFlow } from '../../../src/worker/requests/queued-request.js';
import { RequestQueue } from '../../../src/worker/requests/request-queue.js';
import type { ThreadPoolOptions } from '../../../src/worker/threads/thread-pool-options.js';
import { ThreadPool } from '../../../src/worker/threads/thread-pool.js';
import { until } from '../../until.js';

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

async function startPool(options: Partial<ThreadPoolOptions> = {}, clock: Clock = SYSTEM_CLOCK) {
  const logged: LogRecord[] = [];
  const queue = new RequestQueue(1000, Infinity);
  const log = new Logger('debug', 'test', (record) => {
    logged.push(record);
  });
  const needs: string[] = [];
  const notices: string[] = [];
  const pool = new ThreadPool(
    {
      entry: new URL('../entry/thread.mjs', import.meta.url),
      setup: {},
      count: 1,
      spare: false,
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
    clock,
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

test('every thread is warmed before it takes work, one that takes the place of another too', async () => {
  const { pool, run, logged } = await startPool({ setup: { warmUpRounds: 5 } });
  await pool.start();
  const outcomes = await all([run('exitOnce', join(folder, 'marker')), run('echo', 'a')]);
  expect(outcomes).toEqual(['survived', 'a']);
  const warmed = logged.filter(({ message }) => message === 'a task thread is warm');
  expect(warmed.map(({ fields }) => fields?.['rounds'])).toEqual(warmed.map(() => 5));
  expect(warmed.length).toBeGreaterThanOrEqual(2);
});

test('a warm-up whose tasks fail ends at once, and its thread serves', async () => {
  const { pool, run, logged } = await startPool({ setup: { warmUpRounds: 50, warmUpTask: 'throw' } });
  await pool.start();
  expect(text(await run('echo', 'a'))).toBe('a');
  expect(logged.filter(({ message }) => message === 'task throw threw')).toHaveLength(1);
});

test.each(['at once', 'behind one that was cheap'])(
  'heavy tasks on two connections, %s, let one of another wait for a few of them at most',
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
    // In the order of their coming it would be seventeen.
    expect(order.length).toBeLessThanOrEqual(6);
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

test('a task that hangs does not delay later ones, and its stand-in stays in its place', async () => {
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

test.each([
  ['a spare one', true],
  ['one that has not started yet', false],
])('a thread whose batch goes on in %s is idle once afterwards, and loses nothing', async (_name, spare) => {
  const { pool, run } = await startPool({ batch: 2, spare });
  await pool.start();
  if (spare) await until(() => pool.hasSpare);
  const outcomes = [run('await', cue), run('echo', 'b')];
  await until(() => pool.threadCount === 2);
  writeFileSync(cue, '');
  expect(await all(outcomes)).toEqual(['it is there', 'b']);
  await until(() => pool.threadCount === 1 && pool.busyThreads === 0);
  // Whatever else the thread had to say of that batch comes before these.
  expect(text(await run('spin', '1'))).toBe('spun');
  const bodies = Array.from({ length: 12 }, (_, n) => String(n));
  expect(await all(bodies.map((body) => run('echo', body)))).toEqual(bodies);
  const before = pool.busyTime.total();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(pool.busyTime.total()).toBe(before);
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

// ── The spare thread ─────────────────────────────────────────────────────────────────────────────────────────

const takenOver = (logged: readonly LogRecord[]): unknown[] =>
  logged
    .filter(({ message }) => message === 'the spare task thread takes over')
    .map(({ fields }) => fields?.['ready']);

test('a spare thread gets ready behind the others, warm, and does no work', async () => {
  const { pool, run, logged } = await startPool({ spare: true, setup: { warmUpRounds: 3 } });
  await pool.start();
  await until(() => pool.hasSpare);
  expect(logged.filter(({ message }) => message === 'a task thread is warm')).toHaveLength(2);
  expect(await all(Array.from({ length: 100 }, (_, n) => run('echo', String(n))))).toHaveLength(100);
  expect([pool.threadCount, pool.hasSpare, takenOver(logged)]).toEqual([1, true, []]);
});

test('what waits behind a task that hangs goes to the spare thread, and another spare one is started', async () => {
  const { pool, run, logged } = await startPool({ spare: true });
  await pool.start();
  await until(() => pool.hasSpare);
  const hung = run('await', cue);
  expect(await all([run('echo', 'a'), run('echo', 'b')])).toEqual(['a', 'b']);
  expect(takenOver(logged)).toEqual([true]);
  await until(() => pool.hasSpare);
  expect(pool.threadCount).toBe(2);
  writeFileSync(cue, '');
  expect(text(await hung)).toBe('it is there');
  await until(() => pool.threadCount === 1);
  expect(pool.hasSpare).toBe(true);
});

test('behind a ready spare thread nothing waits for a quarter of a second', async () => {
  const looks: number[] = [];
  const clock: Clock = {
    now: () => SYSTEM_CLOCK.now(),
    after: (delay, action) => {
      looks.push(delay);
      return SYSTEM_CLOCK.after(delay, action);
    },
  };
  const { pool, run } = await startPool({ spare: true }, clock);
  await pool.start();
  await until(() => pool.hasSpare);
  await until(() => pool.busyThreads === 0);
  looks.length = 0;
  const hung = run('await', cue);
  expect(text(await run('echo', 'a'))).toBe('a');
  expect(Math.min(...looks)).toBeLessThan(100);
  writeFileSync(cue, '');
  await hung;
});

test('the thread that was relieved is the spare one again, where its task ends before another spare one is ready', async () => {
  const { pool, run, logged } = await startPool({ spare: true });
  await pool.start();
  await until(() => pool.hasSpare);
  const started = logged.length;
  const slow = run('await', cue);
  expect(text(await run('echo', 'a'))).toBe('a');
  writeFileSync(cue, '');
  await slow;
  await until(() => pool.hasSpare);
  expect(pool.threadCount).toBe(1);
  expect(logged.length).toBeGreaterThan(started);
  expect(await all([run('echo', 'b'), run('echo', 'c')])).toEqual(['b', 'c']);
});

test('a thread that dies or is added is made up for by the spare one at once', async () => {
  const { pool, run, logged } = await startPool({ spare: true });
  await pool.start();
  await until(() => pool.hasSpare);
  expect(text(await run('exitOnce', join(folder, 'marker')))).toBe('survived');
  expect(takenOver(logged)).toEqual([true]);
  await until(() => pool.hasSpare);
  pool.resize(2);
  expect(pool.settled).toBe(true);
  expect(takenOver(logged)).toEqual([true, true]);
  await until(() => pool.hasSpare);
  pool.resize(1);
  expect([pool.threadCount, pool.hasSpare]).toEqual([1, true]);
});

test('a spare thread that does not get ready costs no request, and is tried again', async () => {
  const flag = join(folder, 'stillborn');
  const { pool, run, logged } = await startPool({ spare: true, setup: { stillbornIf: flag } });
  await pool.start();
  await until(() => pool.hasSpare);
  writeFileSync(flag, '');
  expect(text(await run('exitOnce', join(folder, 'marker')))).toBe('survived');
  await until(() => logged.filter(({ message }) => message === 'a task thread is replaced').length >= 3);
  expect(pool.threadCount).toBe(1);
  expect(text(await run('echo', 'a'))).toBe('a');
  rmSync(flag);
  await until(() => pool.hasSpare);
});
