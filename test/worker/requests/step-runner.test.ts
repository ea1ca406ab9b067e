import { expect, test } from '@jest/globals';
import { type LogRecord, Logger } from '../../../src/log.js';
import { abandon, newRequest, type QueuedRequest } from '../../../src/worker/requests/queued-request.js';
import { StepRunner, type StepRunnerOptions } from '../../../src/worker/requests/step-runner.js';
import { FakeClock } from '../fake-clock.js';

interface Running {
  readonly body: string;
  readonly patience: number;
  readonly end: (found: string) => void;
  readonly fail: (error: Error) => void;
}

function setUp(options: Partial<StepRunnerOptions> = {}) {
  const clock = new FakeClock();
  const logged: LogRecord[] = [];
  const running: Running[] = [];
  const ready: QueuedRequest[][] = [];
  const log = new Logger('debug', 'test', (record) => {
    logged.push(record);
  });
  const runner = new StepRunner(
    {
      steps: {
        look: (body, patience) =>
          new Promise((resolve, reject) => {
            running.push({
              body: Buffer.from(body).toString(),
              patience,
              end: (found) => resolve(Buffer.from(found)),
              fail: reject,
            });
          }),
      },
      patience: 1000,
      max: 10,
      maxBytes: 1000,
      onReady: (requests) => ready.push([...requests]),
      ...options,
    },
    clock,
    log,
  );
  return { clock, runner, running, ready, logged };
}

const request = (body = 'body', settle: QueuedRequest['settle'] = () => {}): QueuedRequest =>
  newRequest({ name: 'task', body: Buffer.from(body) }, 1000, settle);

/** Promises and `setImmediate` have had their turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('a request waits for its step and is ready with what that found', async () => {
  const { runner, running, ready } = setUp();
  const waiting = request();
  runner.run(waiting, 'look', Buffer.from('here'));
  expect([runner.waiting, running[0]?.body, running[0]?.patience]).toEqual([1, 'here', 1000]);
  running[0]?.end('it');
  await turns();
  expect(ready).toEqual([[waiting]]);
  expect(waiting.attempt).toEqual({ number: 1, isLast: false, found: Buffer.from('it') });
  expect(runner.waiting).toBe(0);
});

test('requests whose steps end together are ready together, in their order', async () => {
  const { runner, running, ready } = setUp();
  const requests = [request('a'), request('b'), request('c')];
  for (const each of requests) runner.run(each, 'look', Buffer.from(''));
  for (const each of running) each.end('');
  await turns();
  expect(ready).toEqual([requests]);
});

test('the attempt after the sixth step is the last', async () => {
  const { runner, running } = setUp();
  const waiting = request();
  for (const isLast of [false, false, false, false, false, true]) {
    runner.run(waiting, 'look', Buffer.from(''));
    running.at(-1)?.end('');
    await turns();
    expect(waiting.attempt.isLast).toBe(isLast);
  }
});

test('all steps of a request together have only so much time', async () => {
  const { clock, runner, running } = setUp();
  const waiting = request();
  runner.run(waiting, 'look', Buffer.from(''));
  clock.advance(700);
  running[0]?.end('');
  await turns();
  runner.run(waiting, 'look', Buffer.from(''));
  expect(running[1]?.patience).toBe(300);
});

test("a request's own deadline bounds its waiting too", () => {
  const { clock, runner, running } = setUp();
  clock.advance(100);
  const task = { name: 'task', body: Buffer.from(''), deadline: 250 };
  runner.run(
    newRequest(task, 1000, () => {}),
    'look',
    Buffer.from(''),
  );
  expect(running[0]?.patience).toBe(150);
});

test('a step that never ends costs its request only the waiting', async () => {
  const { clock, runner, running, ready } = setUp();
  const waiting = request();
  runner.run(waiting, 'look', Buffer.from(''));
  clock.advance(1300);
  await turns();
  expect(ready).toEqual([[waiting]]);
  expect(waiting.attempt).toMatchObject({ isLast: true, found: new Uint8Array(0) });
  // Its end, much later, has no effect.
  running[0]?.end('late');
  await turns();
  expect(ready).toHaveLength(1);
  expect(runner.waiting).toBe(0);
});

test('what an earlier step found is not lost when a later one has no time', async () => {
  const { clock, runner, running } = setUp();
  const waiting = request();
  runner.run(waiting, 'look', Buffer.from(''));
  running[0]?.end('it');
  await turns();
  runner.run(waiting, 'look', Buffer.from(''));
  clock.advance(1300);
  await turns();
  expect(waiting.attempt).toEqual({ number: 2, isLast: true, found: Buffer.from('it') });
});

test('a step that fails is logged, and its request has to answer without', async () => {
  const { runner, running, ready, logged } = setUp();
  const waiting = request();
  runner.run(waiting, 'look', Buffer.from(''));
  running[0]?.fail(new Error('why'));
  await turns();
  expect(ready).toEqual([[waiting]]);
  expect(waiting.attempt.isLast).toBe(true);
  expect(logged).toMatchObject([{ level: 'error', message: 'step look failed', fields: { error: 'why' } }]);
});

test.each([
  ['too many requests', { max: 2 }],
  ['too many bytes', { maxBytes: 8 }],
])('with %s waiting the next has to answer without', async (_, options) => {
  const { runner, running, ready } = setUp(options);
  for (let n = 0; n < 2; n++) runner.run(request('four'), 'look', Buffer.from(''));
  const third = request('four');
  runner.run(third, 'look', Buffer.from(''));
  await turns();
  expect([running.length, runner.waiting]).toEqual([2, 2]);
  expect(ready).toEqual([[third]]);
  expect(third.attempt.isLast).toBe(true);
});

test('a request that is not wanted any more leaves at once and makes room', async () => {
  const { clock, runner, running, ready } = setUp({ max: 1 });
  const settled: unknown[] = [];
  const gone = request('body', (outcome) => settled.push(outcome));
  runner.run(gone, 'look', Buffer.from(''));
  abandon(gone);
  expect(runner.waiting).toBe(0);
  expect(settled).toMatchObject([{ code: 'CANCELLED' }]);
  runner.run(request(), 'look', Buffer.from(''));
  expect(running).toHaveLength(2);
  running[0]?.end('');
  clock.advance(500);
  await turns();
  expect(ready).toEqual([]);
});

test('a step that there is not is logged, and its request has to answer without', async () => {
  const { runner, ready, logged } = setUp();
  runner.run(request(), 'nonsense', Buffer.from(''));
  await turns();
  expect(ready[0]?.[0]?.attempt.isLast).toBe(true);
  expect(logged).toMatchObject([{ level: 'error', fields: { step: 'nonsense' } }]);
});
