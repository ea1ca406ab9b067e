import { expect, test } from '@jest/globals';
import { type LogRecord, Logger } from '../../src/log.js';
import { lineProtocol } from '../../src/protocol/line.js';
import { msgpackProtocol } from '../../src/protocol/msgpack.js';
import type { Protocol, SessionEvent } from '../../src/wire/protocol.js';
import { SYSTEM_CLOCK } from '../../src/worker/clock.js';
import { warmUpLoop } from '../../src/worker/warm-up.js';

const limits = {
  maxLine: 1000,
  maxSize: 100_000,
  maxCertificates: 10,
  maxCrls: 10,
  maxInFlight: 100,
  maxPipelined: 100,
  maxRequests: 0,
};

function options(protocols: readonly Protocol[], time = Infinity) {
  const logged: LogRecord[] = [];
  const log = new Logger('debug', 'test', (record) => logged.push(record));
  return { logged, protocols, limits, clock: SYSTEM_CLOCK, log, time };
}

/** The protocol, with a note of each event of its sessions and each outcome that they answer. */
function watched(protocol: Protocol) {
  const asked: Uint8Array[] = [];
  const answered: string[] = [];
  const watch = (event: SessionEvent): SessionEvent => {
    if (event.kind !== 'task') throw new Error(`the example made the event ${event.kind}`);
    asked.push(event.task.body);
    const answer = event.answer.bind(event);
    event.answer = (outcome) => {
      answered.push(outcome.kind);
      return answer(outcome);
    };
    return event;
  };
  const open: Protocol['open'] = (of) => {
    const session = protocol.open(of);
    const receive = session.receive.bind(session);
    session.receive = (chunk) => receive(chunk).map(watch);
    const next = session.next?.bind(session);
    if (next !== undefined)
      session.next = () => {
        const event = next();
        return event && watch(event);
      };
    return session;
  };
  return { protocol: { ...protocol, open }, asked, answered };
}

test.each([lineProtocol, msgpackProtocol])(
  'the loop is warmed with whole requests of $name, each answered, some of them twice the same',
  async (protocol) => {
    const { protocol: spoken, asked, answered } = watched(protocol);
    const all = options([spoken]);
    const { rounds } = await warmUpLoop(all);
    expect(rounds).toBeGreaterThan(100);
    expect(asked).toHaveLength(8 * rounds);
    expect(answered).toEqual(asked.map(() => 'done'));
    const different = new Set(asked.map((body) => Buffer.from(body).toString('latin1')));
    expect(different.size).toBeGreaterThan(asked.length / 2);
    expect(different.size).toBeLessThan(asked.length);
    expect(all.logged).toEqual([]);
  },
);

test('the warm-up of the loop ends in its time, and is over at once where no protocol has an example', async () => {
  const { example: _, ...plain } = lineProtocol;
  expect((await warmUpLoop(options([lineProtocol], 0))).rounds).toBe(0);
  expect((await warmUpLoop(options([plain]))).rounds).toBe(0);
});

test('the warm-up of the loop leaves it to others between rounds', async () => {
  let turns = 0;
  const count = (): void => {
    turns++;
    watch = setImmediate(count);
  };
  let watch = setImmediate(count);
  const { rounds } = await warmUpLoop(options([lineProtocol]));
  clearImmediate(watch);
  expect(turns).toBeGreaterThan(rounds);
});
