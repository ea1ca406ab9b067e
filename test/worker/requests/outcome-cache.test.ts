import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Task } from '../../../src/wire/task.js';
import { OutcomeCache, type OutcomeCacheOptions } from '../../../src/worker/requests/outcome-cache.js';

function setUp(options: Partial<OutcomeCacheOptions> = {}) {
  const world = { now: 1000, elapsed: 0, epoch: 7 };
  const cache = new OutcomeCache({
    max: 10,
    maxBytes: 100_000,
    now: () => world.now,
    elapsed: () => world.elapsed,
    epoch: () => world.epoch,
    ...options,
  });
  const task = (body: string): Task => ({ name: 'task', body: Buffer.from(body) });
  const put = (body: string, until = 2000, size = 1): void => {
    cache.put(task(body), Buffer.alloc(size, body), { since: 1000, until, epoch: 7 });
  };
  const find = (of: Task): string | undefined => {
    const found = cache.get(of);
    return found && Buffer.from(found).toString();
  };
  return { world, cache, task, put, find, get: (body: string) => find(task(body)) };
}

test('an outcome answers the same task, and no other', () => {
  const { cache, put, get, find, task } = setUp();
  put('a');
  expect([get('a'), get('b')]).toEqual(['a', undefined]);
  expect([cache.hits, cache.misses]).toEqual([1, 1]);
  expect(find({ ...task('a'), name: 'other' })).toBeUndefined();
  expect(find({ ...task('a'), scope: 1 })).toBeUndefined();
});

/** Bodies of which no two differ in an octet that their place in the cache is made of. */
const twin = (n: number): string => Buffer.alloc(4000).fill(n, 1, 3).toString('latin1');

test('tasks that share a place each have their own outcome, up to eight', () => {
  const { cache, put, get } = setUp();
  for (let n = 0; n < 9; n++) put(twin(n), 2000, n);
  expect(get(twin(0))).toBeUndefined();
  for (let n = 1; n < 9; n++) expect(get(twin(n))).toHaveLength(n);
  expect(cache.bytes).toBe(8 * (4000 + 256) + 36);
});

test('those used last are there, whether they share a place or not', () => {
  const bodies = ['a', 'b', 'c', 'd', ...[1, 2, 3, 4].map(twin)];
  const operations = fc.array(fc.record({ isPut: fc.boolean(), n: fc.nat(bodies.length - 1) }));
  fc.assert(
    fc.property(operations, (done) => {
      const { put, get } = setUp({ max: 4 });
      const model = new Map<string, number>();
      for (const [size, { isPut, n }] of done.entries()) {
        const body = bodies[n] ?? '';
        const known = isPut ? size : model.get(body);
        if (isPut) put(body, 2000, size);
        else expect(get(body)?.length).toBe(known);
        if (known === undefined) continue;
        model.delete(body);
        model.set(body, known);
        const [oldest = ''] = model.keys();
        if (model.size > 4) model.delete(oldest);
      }
    }),
  );
});

test('an outcome answers until its time is over', () => {
  const { world, cache, put, get } = setUp();
  put('a');
  world.now = 1999;
  expect(get('a')).toBe('a');
  world.now = 2000;
  expect(get('a')).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test('an outcome answers no more once what it rests on has changed', () => {
  const { world, put, get } = setUp();
  put('a');
  world.epoch = 8;
  expect(get('a')).toBeUndefined();
  // And not again when the number should come back.
  world.epoch = 7;
  expect(get('a')).toBeUndefined();
});

test('an outcome that is over already, or rests on what has changed meanwhile, never answers', () => {
  const { world, put, get } = setUp();
  put('late', 1000);
  world.epoch = 8;
  put('old');
  expect([get('late'), get('old')]).toEqual([undefined, undefined]);
});

test('of too many outcomes the longest unused go', () => {
  const { put, get } = setUp({ max: 2 });
  put('a');
  put('b');
  get('a');
  put('c');
  expect([get('a'), get('b'), get('c')]).toEqual(['a', undefined, 'c']);
});

test('of too many bytes the longest unused go, and one that is too large alone is not kept', () => {
  const { cache, put, get } = setUp({ maxBytes: 2000 });
  put('a', 2000, 999);
  put('b', 2000, 1000);
  expect([get('a'), get('b')?.length]).toEqual([undefined, 1000]);
  put('c', 2000, 5000);
  expect([get('c'), cache.bytes]).toEqual([undefined, 0]);
});

test('an outcome that is used does not keep the memory of those that have left', () => {
  const { cache, put, get, task } = setUp({ max: 20, maxBytes: 400_000 });
  const memory = new Set<ArrayBufferLike>();
  put('used', 2000, 999);
  for (let n = 0; n < 2000; n++) {
    put(`other ${n}`, 2000, 999);
    expect(get('used')).toBe('used'.repeat(250).slice(0, 999));
    const found = cache.get(task('used'));
    if (found) memory.add(found.buffer);
  }
  expect(memory.size).toBeGreaterThan(10);
});

test('an outcome put again counts once', () => {
  const { cache, put } = setUp();
  put('a', 2000, 100);
  const { bytes } = cache;
  put('a', 2000, 100);
  expect(cache.bytes).toBe(bytes);
});

test('large tasks are not looked up, and none is when the cache is off', () => {
  const large = { name: 'task', body: Buffer.alloc(1 << 20) };
  const small = { name: 'task', body: Buffer.alloc(1) };
  for (const [options, task] of [
    [{}, large],
    [{ max: 0 }, small],
    [{ maxBytes: 0 }, small],
  ] as const) {
    const { cache } = setUp({ maxBytes: 10_000_000, ...options });
    cache.put(task, small.body, { since: 1000, until: 2000, epoch: 7 });
    expect([cache.get(task), cache.bytes, cache.misses]).toEqual([undefined, 0, 0]);
  }
});

/** ms that the clock goes on, and ms that really pass, after an outcome that is kept from 1000 to 2000; does it hold? */
test.each([
  [0, 0, true],
  [999, 999, true],
  [1000, 1000, false],
  // Set back behind the making, and a little: it lasts no longer for that.
  [-1, 0, false],
  [-500, 100, false],
  [10, 999, true],
  [10, 1000, false],
  // Set forward.
  [5000, 10, false],
])('by clocks that go on by %d and %d ms, what was kept for 1000', (byClock, really, holds) => {
  const { world, put, get } = setUp();
  put('a');
  world.now += byClock;
  world.elapsed += really;
  expect(get('a') !== undefined).toBe(holds);
  // What did not hold once is gone.
  world.now = 1500;
  world.elapsed = 0;
  expect(get('a') !== undefined).toBe(holds);
});

test('what was made by a clock that was ahead is not kept', () => {
  const { cache, task, get } = setUp();
  cache.put(task('a'), Buffer.from('a'), { since: 500_000, until: 600_000, epoch: 7 });
  cache.put(task('b'), Buffer.from('b'), { since: 500, until: 1000, epoch: 7 });
  expect([get('a'), get('b')]).toEqual([undefined, undefined]);
});
