import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newRequest, type QueuedRequest } from '../../../src/worker/requests/queued-request.js';
import { RequestQueue } from '../../../src/worker/requests/request-queue.js';

function request(name: string, queuedAt = 0): QueuedRequest {
  const task = { name, body: Buffer.from(name) };
  return newRequest(task, queuedAt, () => {});
}

const names = (requests: readonly QueuedRequest[]): string[] => requests.map(({ task }) => task.name);

test('first in, first out', () => {
  const queue = new RequestQueue(10, Infinity);
  for (const name of ['a', 'b', 'c']) queue.push(request(name));
  expect(names(queue.take(2, Infinity, 0))).toEqual(['a', 'b']);
  expect(names(queue.take(2, Infinity, 0))).toEqual(['c']);
  expect(names(queue.take(2, Infinity, 0))).toEqual([]);
});

test('a full queue has no room, until one is taken', () => {
  const queue = new RequestQueue(2, Infinity);
  expect(queue.hasRoomFor(1)).toBe(true);
  for (const name of ['a', 'b']) queue.push(request(name));
  expect(queue.hasRoomFor(0)).toBe(false);
  queue.take(1, Infinity, 0);
  expect(queue.hasRoomFor(1)).toBe(true);
  queue.push(request('d'));
  expect(names(queue.take(9, Infinity, 0))).toEqual(['b', 'd']);
});

test('what was taken returns to the head in its order, even into a full queue', () => {
  const queue = new RequestQueue(3, Infinity);
  for (const name of ['a', 'b', 'c']) queue.push(request(name));
  const taken = queue.take(2, Infinity, 0);
  queue.push(request('d'));
  queue.requeue(taken);
  expect(names(queue.take(9, Infinity, 0))).toEqual(['a', 'b', 'c', 'd']);
});

test('abandoned requests are settled on the way and do not count against what is taken', () => {
  const queue = new RequestQueue(9, Infinity);
  const settled: string[] = [];
  const abandoned = (name: string): QueuedRequest => ({
    ...request(name),
    abandoned: true,
    settle: (outcome) => settled.push(`${name} ${outcome.kind === 'failed' ? outcome.code : 'done'}`),
  });
  queue.push(abandoned('a'));
  queue.push(request('b'));
  queue.push(abandoned('c'));
  queue.push(request('d'));
  expect(names(queue.take(2, Infinity, 0))).toEqual(['b', 'd']);
  expect(queue.depth).toBe(0);
  expect(settled).toEqual(['a CANCELLED', 'c CANCELLED']);
});

test('a request that is not taken within its deadline is settled instead, one in time is taken', () => {
  const queue = new RequestQueue(9, Infinity);
  const settled: unknown[] = [];
  const dated = (name: string, deadline: number): QueuedRequest => ({
    ...request(name, 100),
    task: { name, body: Buffer.from(name), deadline },
    settle: (outcome) => settled.push(outcome),
  });
  queue.push(dated('late', 49));
  queue.push(dated('in time', 50));
  expect(names(queue.take(9, Infinity, 150))).toEqual(['in time']);
  expect(settled).toEqual([
    { kind: 'failed', code: 'DEADLINE', message: 'it was not started within its deadline of 49 ms' },
  ]);
});

test('the oldest wait is that of the head', () => {
  const queue = new RequestQueue(9, Infinity);
  expect(queue.oldestWait(500)).toBe(0);
  queue.push(request('a', 100));
  queue.push(request('b', 400));
  expect(queue.oldestWait(500)).toBe(400);
  queue.take(1, Infinity, 0);
  expect(queue.oldestWait(500)).toBe(100);
});

test('over any sequence of operations it behaves as a plain list', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.nat(700) }),
    fc.record({ kind: fc.constant('take' as const), count: fc.nat(700) }),
    fc.record({ kind: fc.constant('requeue' as const), count: fc.nat(5) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
      const queue = new RequestQueue(3000, Infinity);
      let model: string[] = [];
      let last = 0;
      for (const { kind, count } of operations) {
        if (kind === 'push') {
          for (let pushed = 0; pushed < count; pushed++) {
            const name = String(last++);
            expect(queue.hasRoomFor(1)).toBe(model.length < 3000);
            if (model.length >= 3000) continue;
            queue.push(request(name));
            model.push(name);
          }
        } else if (kind === 'take') {
          // A taking ends early where it might take long.
          const taken: QueuedRequest[] = [];
          while (taken.length < count && queue.depth > 0)
            taken.push(...queue.take(count - taken.length, Infinity, 0));
          expect(names(taken)).toEqual(model.slice(0, count));
          model = model.slice(count);
        } else {
          const returned = Array.from({ length: count }, () => String(last++));
          queue.requeue(returned.map((name) => request(name)));
          model = [...returned, ...model];
        }
        expect(queue.depth).toBe(model.length);
      }
    }),
    { numRuns: 50 },
  );
});

test('a taking ends once its bodies are large, and always takes one', () => {
  const queue = new RequestQueue(10, Infinity);
  for (const name of ['aaaa', 'bbbb', 'cccc']) queue.push(request(name));
  expect(names(queue.take(9, 5, 0))).toEqual(['aaaa', 'bbbb']);
  expect(names(queue.take(9, 1, 0))).toEqual(['cccc']);
});

test('the bytes of what waits are bounded too, but any one request fits an empty queue', () => {
  const queue = new RequestQueue(10, 8);
  expect(queue.hasRoomFor(1000)).toBe(true);
  queue.push(request('longer than that'));
  expect(queue.hasRoomFor(1)).toBe(false);
  const taken = queue.take(1, Infinity, 0);
  expect(queue.hasRoomFor(8)).toBe(true);
  queue.push(request('12345678'));
  expect(queue.hasRoomFor(1)).toBe(false);
  queue.requeue(taken);
  queue.take(2, Infinity, 0);
  expect(queue.hasRoomFor(1)).toBe(true);
});
