import { expect, test } from '@jest/globals';
import type { SessionEvent, TaskEvent } from '../../src/wire/protocol.js';
import { arrive, connect } from './connection-scene.js';
import { echoProtocol } from './entry/echo-protocol.mjs';

/** The echo session, asked for its events one by one and answered out of order, with a greeting and a farewell. */
class PulledEcho {
  readonly unordered = true;
  readonly greeting = Buffer.from('hello\n');
  readonly #echo = echoProtocol.open();
  readonly #events: SessionEvent[] = [];
  readonly #tasks = new Map<string, TaskEvent>();

  get midRequest(): boolean {
    return this.#echo.midRequest;
  }

  receive(chunk: Buffer): SessionEvent[] {
    this.#events.push(...this.#echo.receive(chunk));
    return [];
  }

  next(): SessionEvent | undefined {
    const event = this.#events.shift();
    if (event?.kind !== 'task') return event;
    if (event.task.name === 'cancel') {
      const of = this.#tasks.get(event.label);
      if (!of) throw new Error(`nothing is called ${event.label}`);
      return { kind: 'cancel', of };
    }
    this.#tasks.set(event.label, event);
    return event;
  }

  end(): readonly SessionEvent[] {
    return this.#echo.end();
  }

  timedOut(): Buffer {
    return Buffer.from('late\n');
  }

  leave(reason: string): Buffer {
    return Buffer.from(`go: ${reason}\n`);
  }
}

function connectPulled(maxInFlight = 1000) {
  const scene = connect({ maxInFlight }, new PulledEcho());
  scene.connection.start();
  return scene;
}

test('the greeting comes first, unasked', async () => {
  const { received } = connectPulled();
  await arrive();
  expect(received()).toBe('hello\n');
});

test('answers leave as soon as they are there', async () => {
  const { theirs, done, received } = connectPulled();
  theirs.write('echo a\necho b\necho c\n');
  await arrive();
  done(2);
  await arrive();
  expect(received()).toBe('hello\ndone c\n');
  done(0);
  done(1);
  await arrive();
  expect(received()).toBe('hello\ndone c\ndone a\ndone b\n');
});

test('what is known is answered at once, counts as no load, and a later request does not wait for it', async () => {
  const { theirs, atOnce, tasks, counters, latencies, received } = connectPulled(1);
  atOnce.set('a', { kind: 'done', body: Buffer.from('a') });
  theirs.write('echo a\necho a\necho b\n');
  await arrive();
  expect(received()).toBe('hello\ndone a\ndone a\n');
  expect(tasks.map(({ body }) => body)).toEqual(['b']);
  expect([counters.handledRequests, counters.inFlight]).toEqual([2, 1]);
  expect(latencies.counts()[0]).toMatchObject({ protocol: 'echo', step: 'total' });
});

test('of requests in one piece no more than maxInFlight are taken, the next as one is answered', async () => {
  const { theirs, tasks, done, received } = connectPulled(2);
  theirs.write('echo a\necho b\necho c\necho d\n');
  await arrive();
  expect(tasks.map(({ body }) => body)).toEqual(['a', 'b']);
  done(1);
  await arrive();
  expect(tasks.map(({ body }) => body)).toEqual(['a', 'b', 'c']);
  expect(received()).toBe('hello\ndone b\n');
});

test('the end of input waits for requests not yet taken, and all of them are answered', async () => {
  const { theirs, tasks, done, received } = connectPulled(1);
  theirs.end('echo a\necho b\necho c');
  for (let index = 0; index < 2; index++) {
    await arrive();
    expect(tasks).toHaveLength(index + 1);
    done(index);
  }
  await arrive();
  expect(received()).toBe('hello\ndone a\ndone b\nincomplete\n');
  expect(theirs.readableEnded).toBe(true);
});

test('a cancelled request is abandoned, and answered once its holder says so', async () => {
  const { theirs, tasks, received, counters } = connectPulled();
  theirs.write('echo a\ncancel a\n');
  await arrive();
  expect(tasks[0]?.request.abandoned).toBe(true);
  expect(counters.inFlight).toBe(1);
  tasks[0]?.settle({ kind: 'failed', code: 'CANCELLED', message: '' }, 0);
  await arrive();
  expect(received()).toBe('hello\nfailed CANCELLED\n');
  expect(counters.inFlight).toBe(0);
});

test('a client asked to go is still served, and is closed when it closes', async () => {
  const { connection, theirs, done, received } = connectPulled();
  await arrive();
  connection.leave('drain');
  theirs.write('echo a\n');
  await arrive();
  done(0);
  await arrive();
  expect(received()).toBe('hello\ngo: drain\ndone a\n');
  expect(theirs.readableEnded).toBe(false);
  theirs.end();
  await arrive();
  expect(theirs.readableEnded).toBe(true);
});

test('a client asked to go that stays is closed after a while, its requests answered', async () => {
  const { connection, theirs, clock, done, received } = connectPulled();
  await arrive();
  connection.leave('rebalance');
  theirs.write('echo a\n');
  await arrive();
  clock.advance(1000);
  await arrive();
  expect(theirs.readableEnded).toBe(false);
  done(0);
  await arrive();
  expect(received()).toBe('hello\ngo: rebalance\ndone a\n');
  expect(theirs.readableEnded).toBe(true);
});

test('a connection asked to leave before it is started greets first', async () => {
  const { connection, received } = connect({}, new PulledEcho());
  connection.leave('drain');
  connection.start();
  await arrive();
  expect(received()).toBe('hello\ngo: drain\n');
});
