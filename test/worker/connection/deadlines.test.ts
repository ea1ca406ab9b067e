import { expect, test } from '@jest/globals';
import { Deadlines } from '../../../src/worker/connection/deadlines.js';
import { FakeClock } from '../fake-clock.js';

function setUp() {
  const clock = new FakeClock();
  const expired: string[] = [];
  const start = clock.now();
  const deadlines = new Deadlines<string>(
    { firstByte: 10, request: 30, idle: 100 },
    clock,
    (subject, kind) => {
      expired.push(`${subject} ${kind} ${clock.now() - start}`);
    },
  );
  return { clock, expired, deadlines };
}

test('each subject expires once, when its own deadline has passed', () => {
  const { clock, expired, deadlines } = setUp();
  deadlines.watch(deadlines.of('a'), 'idle');
  clock.advance(5);
  deadlines.watch(deadlines.of('b'), 'firstByte');
  clock.advance(1);
  deadlines.watch(deadlines.of('c'), 'request');
  deadlines.watch(deadlines.of('d'), 'firstByte');
  clock.advance(1000);
  expect(expired).toEqual(['b firstByte 15', 'd firstByte 16', 'c request 36', 'a idle 100']);
});

test('a released subject does not expire, wherever in the list it was', () => {
  const { clock, expired, deadlines } = setUp();
  const watches = ['a', 'b', 'c', 'd', 'e'].map((subject) => deadlines.of(subject));
  for (const watch of watches) deadlines.watch(watch, 'request');
  for (const watch of watches.filter(({ subject }) => 'ace'.includes(subject))) {
    deadlines.release(watch);
    deadlines.release(watch);
    expect(watch).toEqual(expect.objectContaining({ kind: undefined, previous: undefined, next: undefined }));
  }
  deadlines.release(deadlines.of('never watched'));
  clock.advance(1000);
  expect(expired).toEqual(['b request 30', 'd request 30']);
});

test('watching again starts the time anew and ends the other deadline', () => {
  const { clock, expired, deadlines } = setUp();
  const a = deadlines.of('a');
  deadlines.watch(a, 'firstByte');
  clock.advance(9);
  deadlines.watch(a, 'request');
  clock.advance(29);
  deadlines.watch(a, 'request');
  clock.advance(29);
  expect(expired).toEqual([]);
  expect(a.kind).toBe('request');
  clock.advance(1);
  expect(expired).toEqual(['a request 68']);
  expect(a.kind).toBeUndefined();
});

test('there is one timer for all, and none when nothing is watched', () => {
  const { clock, deadlines } = setUp();
  for (let subject = 0; subject < 1000; subject++) deadlines.watch(deadlines.of(`${subject}`), 'idle');
  deadlines.watch(deadlines.of('first'), 'firstByte');
  expect(clock.pending).toBe(1);
  clock.advance(1000);
  expect(clock.pending).toBe(0);
});

test('a subject may be watched again from within its own expiry', () => {
  const clock = new FakeClock();
  let times = 0;
  const deadlines: Deadlines<string> = new Deadlines({ firstByte: 10, request: 10, idle: 10 }, clock, () => {
    if (++times < 3) deadlines.watch(a, 'idle');
  });
  const a = deadlines.of('a');
  deadlines.watch(a, 'firstByte');
  clock.advance(29);
  expect(times).toBe(2);
  clock.advance(100);
  expect(times).toBe(3);
});
