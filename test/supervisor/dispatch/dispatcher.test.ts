import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Dispatcher } from '../../../src/supervisor/dispatch/dispatcher.js';
import type { Listener } from '../../../src/supervisor/listen/listeners.js';
import type { HandoverTarget } from '../../../src/supervisor/dispatch/worker-slot.js';
import type { ConnectionHandle } from '../../../src/wire/connection-handle.js';
import { fakeListener } from '../fake-listener.js';

const listener: Listener = fakeListener('any');

class FakeHandle implements ConnectionHandle {
  closed = false;

  close(): void {
    this.closed = true;
  }
}

/** A worker of which only the mailbox exists. */
class FakeWorker implements HandoverTarget {
  readonly handles = new Map<number, ConnectionHandle>();
  readonly revoked: number[] = [];
  readonly unknown = new Set<string>();
  distrusted: string | undefined;

  nameOf({ config }: Listener): string | undefined {
    return this.unknown.has(config.name) ? undefined : config.name;
  }

  hand({ id }: { readonly id: number }, handle: ConnectionHandle): void {
    this.handles.set(id, handle);
  }

  revoke(ids: readonly number[]): void {
    this.revoked.push(...ids);
  }

  kill(reason: string): void {
    this.distrusted = reason;
  }

  get ids(): number[] {
    return [...this.handles.keys()];
  }
}

let refused: ConnectionHandle[];
let dispatcher: Dispatcher;

beforeEach(() => {
  jest.useFakeTimers();
  refused = [];
  dispatcher = new Dispatcher({
    now: () => performance.now(),
    limits: () => ({ maxPending: 2, maxWait: 1000, handoverTimeout: 400, patience: 2000 }),
    refuse: (handle) => refused.push(handle),
  });
});

afterEach(() => {
  jest.useRealTimers();
});

function admit(): FakeWorker {
  const worker = new FakeWorker();
  dispatcher.admit(worker);
  return worker;
}

function accept(): FakeHandle {
  const handle = new FakeHandle();
  dispatcher.accept(handle, listener);
  return handle;
}

test('connections wait for the first worker, in order, and ids count up from 1', () => {
  const [first, second] = [accept(), accept()];
  expect(dispatcher.pending).toBe(2);
  const worker = admit();
  expect([...worker.handles]).toEqual([
    [1, first],
    [2, second],
  ]);
  expect(dispatcher.pending).toBe(0);
});

test('more than may wait are refused at once, and those that wait too long after that', () => {
  const [first, second, third] = [accept(), accept(), accept()];
  expect(refused).toEqual([third]);
  jest.advanceTimersByTime(1200);
  expect(refused).toEqual([third, first, second]);
});

test('a copy is closed on acknowledgement and not before', () => {
  const worker = admit();
  const handle = accept();
  expect(handle.closed).toBe(false);
  dispatcher.accepted(worker, [1]);
  expect(handle.closed).toBe(true);
});

test('a gap in the acknowledged ids is asked back, and handed out again only on the worker’s word', () => {
  const worker = admit();
  const lost = accept();
  accept();
  dispatcher.accepted(worker, [2]);
  expect(worker.revoked).toEqual([1]);
  const other = admit();
  expect(other.ids).toEqual([]);
  dispatcher.revoked(worker, [1]);
  expect([...other.handles.values()]).toEqual([lost]);
});

test('an acknowledgement that crosses the question settles it', () => {
  const worker = admit();
  const handle = accept();
  jest.advanceTimersByTime(600);
  expect(worker.revoked).toEqual([1]);
  dispatcher.accepted(worker, [1]);
  expect(handle.closed).toBe(true);
  jest.advanceTimersByTime(10_000);
  expect(worker.distrusted).toBeUndefined();
});

test('a worker that does not acknowledge promptly gets no further connection until it does', () => {
  const silent = admit();
  accept();
  const other = admit();
  dispatcher.report(other, { inFlight: 50, connections: 50 });
  accept();
  expect([silent.ids, other.ids]).toEqual([[1, 2], []]);
  jest.advanceTimersByTime(100);
  accept();
  expect([silent.ids, other.ids]).toEqual([[1, 2], [1]]);
  jest.advanceTimersByTime(100);
  const waiting = accept();
  expect([silent.ids, other.ids]).toEqual([[1, 2], [1]]);
  dispatcher.accepted(silent, [1, 2]);
  expect(silent.handles.get(3)).toBe(waiting);
});

test('a worker that owes an answer gets no further connection, and in the end must go', () => {
  const worker = admit();
  accept();
  jest.advanceTimersByTime(600);
  accept();
  expect(worker.ids).toEqual([1]);
  jest.advanceTimersByTime(2500);
  expect(worker.distrusted).toMatch('asked back');
});

test('a refused connection goes to another worker, and back to the same only after a rest', () => {
  const worker = admit();
  accept();
  dispatcher.refused(worker, [1]);
  expect(worker.ids).toEqual([1]);
  expect(dispatcher.pending).toBe(1);
  jest.advanceTimersByTime(300);
  expect(worker.ids).toEqual([1, 2]);
});

test('when every worker goes on refusing, the client gets BUSY after the time it may wait', () => {
  const worker = admit();
  const handle = accept();
  for (let n = 0; n < 40; n++) {
    dispatcher.refused(worker, worker.ids);
    jest.advanceTimersByTime(50);
  }
  expect(refused).toEqual([handle]);
});

test('a dying worker gets nothing; what it never acknowledged is handed out when it is buried', () => {
  const dying = admit();
  const handle = accept();
  dispatcher.exclude(dying);
  const other = admit();
  expect(other.ids).toEqual([]);
  expect(accept().closed).toBe(false);
  expect([dying.ids, other.ids]).toEqual([[1], [1]]);
  dispatcher.remove(dying);
  expect([...other.handles.values()][1]).toBe(handle);
});

test('what was with a worker for long does not lose its time to wait', () => {
  const dying = admit();
  const handle = accept();
  jest.advanceTimersByTime(5000);
  dispatcher.remove(dying);
  jest.advanceTimersByTime(500);
  expect(refused).toEqual([]);
  expect(admit().handles.get(1)).toBe(handle);
});

test('what comes back goes before what has just come', () => {
  const worker = admit();
  const old = accept();
  dispatcher.exclude(worker);
  const fresh = accept();
  dispatcher.remove(worker);
  expect([...admit().handles.values()]).toEqual([old, fresh]);
});

test('a worker that acknowledges what it does not hold must go', () => {
  const worker = admit();
  accept();
  dispatcher.accepted(worker, [7]);
  expect(worker.distrusted).toMatch('connection 7');
});

test('drain names the last id sent, and what comes back after closing is refused', () => {
  const worker = admit();
  const [first, second] = [accept(), accept()];
  expect(dispatcher.exclude(worker)).toBe(2);
  dispatcher.close();
  dispatcher.accepted(worker, [1]);
  dispatcher.refused(worker, [2]);
  expect(first.closed).toBe(true);
  expect(refused).toEqual([second]);
});

test('nothing runs when nothing can become late', () => {
  const worker = admit();
  accept();
  dispatcher.accepted(worker, [1]);
  jest.advanceTimersByTime(1000);
  expect(jest.getTimerCount()).toBe(0);
});
