import { afterEach, expect, test } from '@jest/globals';
import { PROTOCOLS } from '../../../src/protocol/index.js';
import { encodeMessage, MESSAGE } from '../../../src/wire/message.js';
import { TestServer } from '../server.js';

let server: TestServer | undefined;
afterEach(() => server?.remove());

const problems = (): string[] =>
  server?.log.filter(({ message }) => message.startsWith('a listener ')).map(({ message }) => message) ?? [];

test('the primary asks its own listeners, warns once of those that do not answer, and tells when they do again', async () => {
  server = new TestServer({}, { 'probe.interval': 100, 'probe.timeout': 300, 'workers.pingTimeout': 60_000 });
  await server.start();
  const answering = await server.statusWhere(
    ({ listeners }) => listeners.every(({ probe }) => probe !== null && probe.failure === null),
    'an answer on every listener',
  );
  for (const { probe } of answering.listeners) expect(probe?.took).toBeGreaterThan(0);
  const warnedBefore = problems().length;
  const pids = answering.workers.map(({ pid }) => pid);
  try {
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await server.statusWhere(
      ({ listeners }) => listeners.every(({ probe }) => probe?.failure === 'no answer within 300 ms'),
      'no answer on any listener',
    );
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  await server.statusWhere(
    ({ listeners }) => listeners.every(({ probe }) => probe?.failure === null),
    'answers again',
  );
  const told = (part: string): number =>
    problems()
      .slice(warnedBefore)
      .filter((message) => message.includes(part)).length;
  // The log is written a little after the status knows.
  await server.until(() => told('answers again') >= 2, 'word of both that answer again');
  expect(told('no answer within 300 ms')).toBeGreaterThanOrEqual(2);
});

test('its own connections do not count as those of clients', async () => {
  server = new TestServer({}, { 'probe.interval': 20, 'probe.timeout': 60_000 });
  await server.start();
  let probes = 0;
  let last: unknown;
  await server.statusWhere(({ listeners }) => {
    const probe = listeners[0]?.probe ?? null;
    if (JSON.stringify(probe) !== JSON.stringify(last)) probes += 1;
    last = probe;
    return probes >= 5;
  }, 'five probes');
  const { listeners } = await server.status();
  expect(listeners.map(({ accepted }) => accepted)).toEqual(listeners.map(() => 0));
});

test('each protocol knows its own answer from anything else', () => {
  const line = PROTOCOLS['line']?.probe;
  expect(line?.isAnswer(Buffer.from('PONG\n'))).toBe(true);
  expect(line?.isAnswer(Buffer.from('- error BUSY {}\n'))).toBe(false);
  const msgpack = PROTOCOLS['msgpack']?.probe;
  const greeting = encodeMessage(MESSAGE.greeting, 0, 0, Buffer.alloc(40));
  const pong = encodeMessage(MESSAGE.pong, 0, 0);
  expect(msgpack?.isAnswer(Buffer.concat([greeting, pong]))).toBe(true);
  for (const part of [greeting, greeting.subarray(0, 20), Buffer.concat([greeting, pong.subarray(0, 9)])]) {
    expect(msgpack?.isAnswer(part)).toBe(false);
  }
  const goAway = PROTOCOLS['msgpack']?.busy(100) ?? Buffer.alloc(0);
  expect(msgpack?.isAnswer(goAway)).toBe(false);
});
