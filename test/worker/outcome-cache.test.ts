import { expect, test } from '@jest/globals';
import type { Task } from '../../src/wire/task.js';
import { OutcomeCache, type OutcomeCacheOptions } from '../../src/worker/outcome-cache.js';

function setUp(options: Partial<OutcomeCacheOptions> = {}) {
  const world = { now: 1000, epoch: 7 };
  const cache = new OutcomeCache({
    max: 10,
    maxBytes: 100_000,
    now: () => world.now,
    epoch: () => world.epoch,
    ...options,
  });
  const task = (body: string, name = 'task'): Task => ({ name, body: Buffer.from(body) });
  const key = (of: Task): string => cache.keyOf(of) ?? '';
  const put = (body: string, until = 2000, size = 1): void => {
    cache.put(key(task(body)), Buffer.alloc(size, body), { until, epoch: 7 });
  };
  const get = (body: string): string | undefined => {
    const found = cache.get(key(task(body)));
    return found && Buffer.from(found).toString();
  };
  return { world, cache, task, put, get };
}

test('an outcome answers the same task, and no other', () => {
  const { cache, put, get, task } = setUp();
  put('a');
  expect([get('a'), get('b')]).toEqual(['a', undefined]);
  expect(cache.keyOf(task('a', 'other'))).not.toBe(cache.keyOf(task('a')));
  expect([cache.hits, cache.misses]).toEqual([1, 1]);
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
  put('a', 2000, 1000);
  put('b', 2000, 1000);
  expect([get('a'), get('b')?.length]).toEqual([undefined, 1000]);
  put('c', 2000, 5000);
  expect([get('c'), cache.bytes]).toEqual([undefined, 0]);
});

test('an outcome put again counts once', () => {
  const { cache, put } = setUp();
  put('a', 2000, 100);
  const { bytes } = cache;
  put('a', 2000, 100);
  expect(cache.bytes).toBe(bytes);
});

test('large tasks are not looked up, and none is when the cache is off', () => {
  expect(setUp().cache.keyOf({ name: 'task', body: Buffer.alloc(1 << 20) })).toBeUndefined();
  expect(setUp({ max: 0 }).cache.keyOf({ name: 'task', body: Buffer.alloc(1) })).toBeUndefined();
  expect(setUp({ maxBytes: 0 }).cache.keyOf({ name: 'task', body: Buffer.alloc(1) })).toBeUndefined();
});
