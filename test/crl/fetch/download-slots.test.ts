import { expect, test } from '@jest/globals';
import { DownloadSlots, type Release } from '../../../src/crl/fetch/download-slots.js';

const never = new AbortController().signal;

/** Asks for a turn and tells in `order` when it has come. */
function ask(slots: DownloadSlots, host: string, name: string, order: string[], signal = never) {
  return slots.take(host, signal).then((release) => {
    order.push(name);
    return release;
  });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a host has no more than its share at once, and others do not wait behind it', async () => {
  const slots = new DownloadSlots(3, 1);
  const order: string[] = [];
  const first = await ask(slots, 'a', 'a1', order);
  const second = ask(slots, 'a', 'a2', order);
  const other = ask(slots, 'b', 'b1', order);
  await settled();
  expect(order).toEqual(['a1', 'b1']);
  first();
  (await second)();
  (await other)();
  expect(order).toEqual(['a1', 'b1', 'a2']);
});

test('all hosts together have no more than the whole; turns go in order', async () => {
  const slots = new DownloadSlots(2, 2);
  const order: string[] = [];
  const releases: Promise<Release>[] = ['a', 'b', 'c', 'd'].map((host) => ask(slots, host, host, order));
  await settled();
  expect(order).toEqual(['a', 'b']);
  for (const release of releases) (await release)();
  expect(order).toEqual(['a', 'b', 'c', 'd']);
});

test('who gives up leaves the line, and a turn given back twice counts once', async () => {
  const slots = new DownloadSlots(1, 1);
  const order: string[] = [];
  const release = await ask(slots, 'a', 'first', order);
  const controller = new AbortController();
  const gone = ask(slots, 'a', 'gone', order, controller.signal);
  const next = ask(slots, 'a', 'next', order);
  const last = ask(slots, 'a', 'last', order);
  controller.abort();
  await expect(gone).rejects.toThrow();
  release();
  release();
  const releaseNext = await next;
  await settled();
  expect(order).toEqual(['first', 'next']);
  releaseNext();
  (await last)();
  await expect(slots.take('a', controller.signal)).rejects.toThrow();
});
