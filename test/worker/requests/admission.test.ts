import { expect, test } from '@jest/globals';
import type { TaskOutcome } from '../../../src/wire/task.js';
import { Admission } from '../../../src/worker/requests/admission.js';
import { newCounters } from '../../../src/worker/counters.js';
import { OutcomeCache } from '../../../src/worker/requests/outcome-cache.js';
import { RequestQueue } from '../../../src/worker/requests/request-queue.js';
import { FakeClock } from '../fake-clock.js';

function setUp(max: number) {
  const clock = new FakeClock();
  const queue = new RequestQueue(max, Infinity);
  const cache = new OutcomeCache({
    max: 10,
    maxBytes: 10_000,
    now: () => clock.now(),
    elapsed: () => clock.now(),
    epoch: () => 1,
  });
  const counters = newCounters();
  let woken = 0;
  const admission = new Admission({ queue, cache, counters, clock, wake: () => woken++ });
  const outcomes: TaskOutcome[] = [];
  const own = queue.open('a client', 0);
  const ask = (body: string, flow = own): void => {
    const task = { name: 'echo', body: Buffer.from(body) };
    const outcome = admission.atOnce(task, flow);
    if (outcome) outcomes.push(outcome);
    else admission.submit(task, flow, (later) => outcomes.push(later));
  };
  return { clock, queue, cache, counters, outcomes, ask, wakes: () => woken };
}

test('a request waits in the queue, and its outcome answers the next of its kind at once', () => {
  const { queue, outcomes, ask, wakes, clock } = setUp(5);
  ask('a');
  expect([queue.depth, wakes(), outcomes.length]).toEqual([1, 1, 0]);
  const [request] = queue.take(1, 1000, clock.now());
  request?.settle({ kind: 'done', body: Buffer.from('A') }, 1, {
    since: clock.now(),
    until: clock.now() + 1000,
    epoch: 1,
  });
  ask('a');
  expect(outcomes).toEqual([
    { kind: 'done', body: Buffer.from('A') },
    { kind: 'done', body: Buffer.from('A') },
  ]);
  expect([queue.depth, wakes()]).toEqual([0, 1]);
});

test('what may not be kept is asked anew', () => {
  const { queue, ask, clock } = setUp(5);
  ask('a');
  queue.take(1, 1000, clock.now())[0]?.settle({ kind: 'done', body: Buffer.from('A') }, 1);
  ask('a');
  expect(queue.depth).toBe(1);
});

test('a full queue refuses, and says when to come again', () => {
  const { clock, counters, outcomes, ask, wakes } = setUp(1);
  ask('a');
  for (const wait of [0, 3000, 60_000]) {
    clock.advance(wait);
    ask('b');
  }
  const message = 'the queue of requests is full';
  expect(outcomes).toEqual(
    [250, 3000, 10_000].map((retryAfter) => ({ kind: 'failed', code: 'BUSY', message, retryAfter })),
  );
  expect([counters.busy, wakes()]).toEqual([3, 1]);
});

test('in a full queue the newest of a client with many makes room for one with few, and is refused politely', () => {
  const { queue, counters, outcomes, ask, clock } = setUp(3);
  for (const body of ['a', 'b', 'c']) ask(body);
  clock.advance(700);
  ask('d', queue.open('another', 0));
  expect([queue.depth, counters.busy, outcomes.length]).toEqual([3, 1, 1]);
  expect(outcomes[0]).toEqual({
    kind: 'failed',
    code: 'BUSY',
    message: 'the queue of requests is full, and others have fewer waiting',
    retryAfter: 700,
  });
  expect(queue.take(9, 1000, clock.now()).length).toBeGreaterThan(0);
});

test('what is known is answered while the queue is full, too', () => {
  const { clock, cache, counters, outcomes, ask } = setUp(1);
  ask('a');
  const keep = { since: clock.now(), until: clock.now() + 1000, epoch: 1 };
  cache.put({ name: 'echo', body: Buffer.from('b') }, Buffer.from('B'), keep);
  ask('b');
  expect([outcomes, counters.busy]).toEqual([[{ kind: 'done', body: Buffer.from('B') }], 0]);
});
