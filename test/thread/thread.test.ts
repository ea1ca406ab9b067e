import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type BatchResult, packTasks, unpackResults } from '../../src/wire/batch.js';
import { FIRST_ATTEMPT } from '../../src/wire/task.js';
import { Progress } from '../../src/wire/thread.js';

const threads: Worker[] = [];

afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.terminate();
});

/** A thread with the handlers of test/worker/entry/thread.mjs, spoken to as the pool speaks to it. */
async function startThread() {
  const progress = new Progress();
  progress.rest();
  const entry = new URL('../worker/entry/thread.mjs', import.meta.url);
  const thread = new Worker(entry, { workerData: { progress: progress.shared, setup: {} }, execArgv: [] });
  threads.push(thread);
  const said: unknown[] = [];
  thread.on('message', (message) => said.push(message));
  await once(thread, 'message');
  const [ready] = said as [{ handlers: string[] }];
  const run = (...tasks: readonly (readonly [string, string])[]): void => {
    const packed = packTasks(
      tasks.map(([name, body]) => ({
        handler: ready.handlers.indexOf(name),
        body: Buffer.from(body),
        attempt: FIRST_ATTEMPT,
      })),
    );
    thread.postMessage(packed, [packed.buffer]);
  };
  return { thread, progress, said, run };
}

const resultsOf = (said: readonly unknown[]): BatchResult[] =>
  said.flatMap((message) => (message instanceof Uint8Array ? unpackResults(message) : []));

test('a thread says which handlers it has, in the order in which a batch names them', async () => {
  const { said } = await startThread();
  expect(said).toEqual([
    {
      type: 'ready',
      handlers: ['echo', 'ask', 'keep', 'tell', 'throw', 'hang', 'exit', 'exitOnce', 'await', 'spin'],
    },
  ]);
});

test('quick tasks of a batch come back as one message, with the time each took', async () => {
  const { thread, said, run } = await startThread();
  const began = performance.now();
  let results: BatchResult[];
  // Again, where they were not quick.
  do {
    said.length = 0;
    run(['echo', 'a'], ['echo', 'b']);
    do await once(thread, 'message');
    while ((results = resultsOf(said)).length < 2);
  } while (said.length > 1);
  expect(results.map(({ kind, body }) => [kind, Buffer.from(body).toString()])).toEqual([
    ['done', 'a'],
    ['done', 'b'],
  ]);
  const elapsed = (performance.now() - began) * 1000;
  expect(results.every(({ microseconds }) => microseconds < elapsed)).toBe(true);
});

test('a handler that throws, and one that is not there, fail alone', async () => {
  const { said, thread, run } = await startThread();
  run(['throw', ''], ['unheard', ''], ['echo', 'a']);
  // A batch that takes long answers in more than one message.
  while (resultsOf(said).length < 3) await once(thread, 'message');
  expect(resultsOf(said).map(({ kind, body }) => [kind, Buffer.from(body).toString()])).toEqual([
    ['failed', 'thrown on purpose'],
    ['failed', 'no handler has place -1'],
    ['done', 'a'],
  ]);
});

test('the task that runs, and since when, is seen from outside while the thread is busy', async () => {
  const { thread, progress, run } = await startThread();
  const before = process.hrtime.bigint();
  run(['spin', '10'], ['hang', '']);
  // The first result is sent before the second task begins to hang.
  await once(thread, 'message');
  while (progress.running()?.index !== 1) await new Promise((resolve) => setImmediate(resolve));
  const startedAt = progress.running()?.startedAt ?? 0n;
  expect(startedAt > before && startedAt < process.hrtime.bigint()).toBe(true);
});

test('a thread at rest shows no running task', async () => {
  const { thread, progress, run } = await startThread();
  run(['echo', 'a']);
  await once(thread, 'message');
  expect(progress.running()).toBeUndefined();
});
