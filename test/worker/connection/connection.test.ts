import { expect, test } from '@jest/globals';
import type { Session } from '../../../src/wire/protocol.js';
import type { TaskOutcome } from '../../../src/wire/task.js';
import { MIN_RETRY_MS } from '../../../src/worker/requests/admission.js';
import { arrive, connect } from '../connection-scene.js';
import { echoProtocol } from '../entry/echo-protocol.mjs';

test('nothing is read before start', async () => {
  const { connection, theirs, tasks } = connect();
  theirs.write('echo a\n');
  await arrive();
  expect(tasks).toHaveLength(0);
  connection.start();
  await arrive();
  expect(tasks).toHaveLength(1);
});

test('answers leave in the order of their requests, whichever is ready first', async () => {
  const { connection, theirs, done, received } = connect();
  connection.start();
  theirs.write('echo a\necho b\nreply c\necho d\n');
  await arrive();
  done(2);
  done(1);
  await arrive();
  expect(received()).toBe('');
  done(0);
  await arrive();
  expect(received()).toBe('done a\ndone b\nc\ndone d\n');
});

test('a client that half-closes after its last request gets every answer, then the end', async () => {
  const { connection, theirs, done, received, closed } = connect();
  connection.start();
  theirs.end('echo a\necho b\n');
  await arrive();
  expect(closed()).toBe(0);
  done(0);
  done(1);
  await arrive();
  expect(received()).toBe('done a\ndone b\n');
  expect(theirs.readableEnded).toBe(true);
  expect(closed()).toBe(1);
});

test('a client that half-closed before start gets its answers all the same', async () => {
  const { connection, theirs, done, received } = connect();
  theirs.end('echo a\n');
  await arrive();
  connection.start();
  await arrive();
  done(0);
  await arrive();
  expect(received()).toBe('done a\n');
  expect(theirs.readableEnded).toBe(true);
});

test('the end in the middle of a request is answered by the session, not taken for a request', async () => {
  const { connection, theirs, tasks, received, counters } = connect();
  connection.start();
  theirs.end('echo a');
  await arrive();
  expect(tasks).toHaveLength(0);
  expect(received()).toBe('incomplete\n');
  expect(counters.errors).toBe(1);
});

test('a close event ends the connection behind all answers, and what follows it is dropped', async () => {
  const { connection, theirs, tasks, done, received } = connect();
  connection.start();
  theirs.write('echo a\nquit\necho b\n');
  await arrive();
  theirs.write('echo c\n');
  expect(theirs.readableEnded).toBe(false);
  done(0);
  await arrive();
  expect(tasks).toHaveLength(1);
  expect(received()).toBe('done a\n');
  expect(theirs.readableEnded).toBe(true);
});

test('a peer that does not close after our end is cut off', async () => {
  const { connection, theirs, clock, closed } = connect();
  connection.start();
  theirs.write('quit\n');
  await arrive();
  expect(closed()).toBe(0);
  clock.advance(500);
  await arrive();
  expect(closed()).toBe(1);
});

test('at maxInFlight unanswered requests reading stops, and goes on when one is answered', async () => {
  const { connection, theirs, tasks, done } = connect({ maxInFlight: 2 });
  connection.start();
  theirs.write('echo a\necho b\n');
  await arrive();
  theirs.write('echo c\n');
  await arrive();
  expect(tasks).toHaveLength(2);
  done(0);
  await arrive();
  expect(tasks.map(({ body }) => body)).toEqual(['a', 'b', 'c']);
});

test('requests beyond maxPipelined in one piece get their own error, in order', async () => {
  const { connection, theirs, tasks, done, received, counters } = connect({
    maxInFlight: 1,
    maxPipelined: 2,
  });
  connection.start();
  theirs.write('echo a\necho b\necho c\nreply d\n');
  await arrive();
  expect(tasks).toHaveLength(2);
  done(0);
  done(1);
  await arrive();
  expect(received()).toBe('done a\ndone b\nc: more than 2\nreply: more than 2\n');
  expect(counters.errors).toBe(2);
});

test('replies that wait for nothing are no pipelined requests, however many there are', async () => {
  const { connection, theirs, received } = connect({ maxInFlight: 1, maxPipelined: 1 });
  connection.start();
  theirs.write('reply x\n'.repeat(50));
  await arrive();
  expect(received()).toBe('x\n'.repeat(50));
});

test('a peer that does not read its answers is not read from, until it does', async () => {
  const { connection, theirs, tasks, received } = connect();
  connection.start();
  theirs.pause();
  theirs.write(`reply ${'x'.repeat(100_000)}\n`);
  await arrive();
  theirs.write('echo a\n');
  await arrive();
  expect(tasks).toHaveLength(0);
  theirs.resume();
  await arrive();
  expect(received()).toHaveLength(100_001);
  expect(tasks).toHaveLength(1);
});

test('short commands with long answers pile up no further than the peer reads, and none is lost', async () => {
  const { connection, ours, theirs, received } = connect();
  connection.start();
  theirs.pause();
  const commands = 'long 10000\n'.repeat(1000);
  theirs.end(commands);
  await arrive();
  // At the most what one slice of the input asks for, of the ten megabytes that all of it does.
  expect(ours.writableLength).toBeLessThan(3_000_000);
  theirs.resume();
  while (!theirs.readableEnded) await arrive();
  expect(received()).toHaveLength(10_000_000);
});

test('a peer that never reads its answers is closed by the idle deadline', async () => {
  const { connection, theirs, clock, closed } = connect();
  connection.start();
  theirs.pause();
  theirs.write(`reply ${'x'.repeat(100_000)}\n`);
  await arrive();
  clock.advance(1000);
  await arrive();
  expect(closed()).toBe(0);
  clock.advance(500);
  await arrive();
  expect(closed()).toBe(1);
});

test.each([
  ['firstByte', '', 100],
  ['request', 'echo a', 200],
  ['idle', 'reply x\n', 1000],
])('the %s deadline is told to the client, and the connection closed', async (kind, sent, after) => {
  const { connection, theirs, clock, received, counters } = connect();
  connection.start();
  if (sent !== '') theirs.write(sent);
  await arrive();
  clock.advance(after - 1);
  await arrive();
  expect(received()).not.toContain('timed out');
  clock.advance(1);
  await arrive();
  expect(received()).toContain(`timed out: ${kind}\n`);
  expect(theirs.readableEnded).toBe(true);
  expect(counters.errors).toBe(1);
});

test('the request deadline runs from the first byte, however often another one comes', async () => {
  const { connection, theirs, clock, received } = connect();
  connection.start();
  for (const piece of ['e', 'c', 'h', 'o', ' ']) {
    theirs.write(piece);
    await arrive();
    clock.advance(50);
  }
  await arrive();
  expect(received()).toBe('timed out: request\n');
});

test('a request that begins in the same piece in which another ends has its whole time', async () => {
  const { connection, theirs, clock, tasks, received } = connect();
  connection.start();
  theirs.write('echo a');
  await arrive();
  clock.advance(150);
  theirs.write('\necho b');
  await arrive();
  clock.advance(150);
  await arrive();
  expect(received()).toBe('');
  theirs.write('\n');
  await arrive();
  expect(tasks).toHaveLength(2);
});

test('a connection that waits for our answer is not idle', async () => {
  const { connection, theirs, clock, done, received } = connect();
  connection.start();
  theirs.write('echo a\n');
  await arrive();
  clock.advance(100_000);
  await arrive();
  expect(received()).toBe('');
  done(0);
  await arrive();
  expect(received()).toBe('done a\n');
});

test('a status answer keeps its place among the others', async () => {
  const { connection, theirs, statusAnswers, received } = connect();
  connection.start();
  theirs.write('status\nreply x\n');
  await arrive();
  statusAnswers[0]?.({ up: true });
  await arrive();
  expect(received()).toBe('{"up":true}\nx\n');
});

test('a client that goes leaves no load behind, and its waiting requests are abandoned', async () => {
  const { connection, theirs, tasks, counters, closed, done } = connect();
  connection.start();
  theirs.write('echo a\necho b\nstatus\n');
  await arrive();
  expect(counters.inFlight).toBe(3);
  done(0);
  connection.destroy();
  await arrive();
  expect(closed()).toBe(1);
  expect(counters.inFlight).toBe(0);
  expect(counters.openConnections).toBe(0);
  expect(tasks.map(({ request }) => request.abandoned)).toEqual([false, true]);
  done(1);
  expect(counters.inFlight).toBe(0);
});

test('a session that throws costs its own connection only', async () => {
  const { connection, theirs, closed, logged } = connect();
  connection.start();
  theirs.write('defect\n');
  await arrive();
  expect(closed()).toBe(1);
  expect(logged.map(({ level }) => level)).toContain('error');
});

const BUSY: TaskOutcome = { kind: 'failed', code: 'BUSY', message: 'full' };

test('a client that goes on after many a BUSY is left unread for a moment, and then answered whole', async () => {
  const { connection, theirs, atOnce, received, clock } = connect();
  atOnce.set('a', BUSY);
  connection.start();
  theirs.write('echo a\n'.repeat(16));
  await arrive();
  const refusals = 'failed BUSY\n'.repeat(16);
  expect(received()).toBe(refusals);
  theirs.write('echo a\n');
  await arrive();
  clock.advance(MIN_RETRY_MS - 1);
  theirs.write('reply b\n');
  await arrive();
  expect(received()).toBe(refusals);
  clock.advance(1);
  await arrive();
  expect(received()).toBe(`${refusals}failed BUSY\nb\n`);
});

test('a client that comes again after BUSY as it is told is read at once', async () => {
  const { connection, theirs, atOnce, received, clock } = connect();
  atOnce.set('a', BUSY);
  connection.start();
  for (let n = 0; n < 4; n++) {
    theirs.write('echo a\n'.repeat(15));
    await arrive();
    clock.advance(MIN_RETRY_MS + 1);
  }
  theirs.write('reply b\n');
  await arrive();
  expect(received()).toBe(`${'failed BUSY\n'.repeat(60)}b\n`);
});

test('what was left unread is read when the worker is to drain', async () => {
  const { connection, theirs, atOnce, received } = connect();
  atOnce.set('a', BUSY);
  connection.start();
  theirs.write('echo a\n'.repeat(16));
  await arrive();
  theirs.write('reply b\n');
  await arrive();
  expect(received()).toBe('failed BUSY\n'.repeat(16));
  connection.wake();
  await arrive();
  connection.leave('drain');
  await arrive();
  expect(received()).toBe(`${'failed BUSY\n'.repeat(16)}b\n`);
  expect(theirs.readableEnded).toBe(true);
});

test('draining, an idle connection is closed at once', async () => {
  const { connection, theirs } = connect();
  connection.start();
  theirs.write('reply x\n');
  await arrive();
  connection.leave('drain');
  await arrive();
  expect(theirs.readableEnded).toBe(true);
});

test('draining, a connection just opened may send its first request, and that is its last', async () => {
  const { connection, theirs, tasks, done, received } = connect();
  connection.start();
  connection.leave('drain');
  await arrive();
  expect(theirs.readableEnded).toBe(false);
  theirs.write('echo a\necho b\n');
  await arrive();
  theirs.write('echo c\n');
  done(0);
  done(1);
  await arrive();
  expect(received()).toBe('done a\ndone b\n');
  expect(theirs.readableEnded).toBe(true);
  expect(tasks).toHaveLength(2);
});

test.each([
  ['closed at once when it is a second old', 1000, 0],
  ['closed when it is', 400, 600],
])('draining, a connection that never said anything is %s', async (_, age, left) => {
  const { connection, theirs, clock } = connect({}, echoProtocol.open(), 5000);
  connection.start();
  clock.advance(age);
  connection.leave('drain');
  await arrive();
  expect(theirs.readableEnded).toBe(left === 0);
  clock.advance(left);
  await arrive();
  expect(theirs.readableEnded).toBe(true);
});

test('draining, a request begun may be finished and is answered, and none after it is begun', async () => {
  const { connection, theirs, tasks, done, received } = connect();
  connection.start();
  theirs.write('echo a');
  await arrive();
  connection.leave('drain');
  theirs.write('b\necho c');
  await arrive();
  theirs.write('\n');
  await arrive();
  expect(tasks.map(({ body }) => body)).toEqual(['ab']);
  done(0);
  await arrive();
  expect(received()).toBe('done ab\n');
  expect(theirs.readableEnded).toBe(true);
});

test('a session without words for going is told that its connection closes', async () => {
  const told: string[] = [];
  const session: Session = Object.assign(echoProtocol.open(), { closing: () => void told.push('closing') });
  const { connection, theirs, done } = connect({}, session);
  connection.start();
  theirs.write('echo a\n');
  await arrive();
  expect(told).toEqual([]);
  connection.leave('rebalance');
  connection.leave('drain');
  expect(told[0]).toBe('closing');
  done(0);
  await arrive();
  expect(theirs.readableEnded).toBe(true);
});

test('stopReading gives up a request that is not whole, and answers those that are', async () => {
  const { connection, theirs, done, received } = connect();
  connection.start();
  theirs.write('echo a\necho b');
  await arrive();
  connection.stopReading();
  await arrive();
  expect(theirs.readableEnded).toBe(false);
  done(0);
  await arrive();
  expect(received()).toBe('done a\n');
  expect(theirs.readableEnded).toBe(true);
});

test('an answered task is a line in the log at level verbose', async () => {
  const { connection, theirs, done, logged, clock } = connect();
  connection.start();
  theirs.write('echo a\n');
  await arrive();
  clock.advance(5);
  done(0);
  expect(logged).toMatchObject([
    { level: 'verbose', message: 'answered', fields: { id: 'a', outcome: 'done a', queuedMs: 4, ranMs: 1 } },
  ]);
});

test('a connection asked to go without words for it ends behind its next answer', async () => {
  const { connection, theirs, tasks, done, received, closed, left } = connect();
  connection.start();
  await arrive();
  connection.leave('rebalance');
  connection.leave('rebalance');
  await arrive();
  expect([left(), closed()]).toEqual([1, 0]);
  theirs.write('echo a\n');
  await arrive();
  theirs.write('echo b\n');
  done(0);
  await arrive();
  expect(received()).toBe('done a\n');
  expect(theirs.readableEnded).toBe(true);
  expect(tasks).toHaveLength(1);
});

test('a connection asked to go while it owes answers ends behind the last of them', async () => {
  const { connection, theirs, done, received } = connect();
  connection.start();
  theirs.write('echo a\necho b\n');
  await arrive();
  connection.leave('rebalance');
  done(0);
  await arrive();
  expect(theirs.readableEnded).toBe(false);
  done(1);
  await arrive();
  expect(received()).toBe('done a\ndone b\n');
  expect(theirs.readableEnded).toBe(true);
});

test('the answer to the last request allowed is the last thing on a connection', async () => {
  const { connection, theirs, done, received, tasks } = connect({ maxRequests: 2 });
  connection.start();
  theirs.write('echo a\n');
  await arrive();
  theirs.write('echo b\n');
  await arrive();
  theirs.write('echo c\n');
  await arrive();
  expect(tasks).toHaveLength(2);
  done(0);
  done(1);
  await arrive();
  expect(received()).toBe('done a\ndone b\n');
  expect(theirs.readableEnded).toBe(true);
});
