import { expect, test } from '@jest/globals';
import type { LogRecord } from '../../src/log.js';
import { decode, encode } from '../../src/wire/codec.js';
import { FrameReader, frame } from '../../src/wire/frame.js';
import { SupervisorLink } from '../../src/worker/supervisor-link.js';
import { duplexPair } from './duplex-pair.js';

function setUp() {
  const { ours, theirs } = duplexPair();
  const messages: unknown[] = [];
  const unknown: string[] = [];
  const closed: string[] = [];
  const link = new SupervisorLink(ours, ours, {
    onMessage: (message) => messages.push(message),
    onUnknown: (what) => unknown.push(what),
    onClosed: (why) => closed.push(why),
  });
  const frames = new FrameReader();
  const sent: unknown[] = [];
  theirs.on('data', (chunk: Buffer) => {
    sent.push(...frames.push(chunk).map((body) => decode(body)));
  });
  const tell = (value: unknown): void => {
    theirs.write(frame(encode(value)));
  };
  return { link, ours, theirs, messages, unknown, closed, sent, tell };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

const record = (message: string): LogRecord => ({
  time: 1,
  level: 'info',
  message,
  source: 'worker 1',
  pid: 1,
  fields: {},
});

test('what happens in one turn of the loop leaves in one message a kind, ids in order', async () => {
  const { link, sent } = setUp();
  link.reportLoad(1, 1);
  for (const id of [4, 5, 6]) link.accept(id, () => {});
  link.refuse(7);
  link.refuse(8);
  link.confirmRevoked([9]);
  link.reportLoad(2, 3);
  link.log(record('a'));
  link.log(record('b'));
  await turns();
  expect(sent).toEqual([
    { type: 'accepted', ids: [4, 5, 6] },
    { type: 'refused', ids: [7, 8] },
    { type: 'revoked', ids: [9] },
    { type: 'load', inFlight: 2, connections: 3 },
    { type: 'log', records: [record('a'), record('b')] },
  ]);
});

test('a load that keeps changing is reported at once, then now and then, the last of it for certain', async () => {
  const { link, sent } = setUp();
  const began = performance.now();
  link.reportLoad(1, 1);
  await turns();
  expect(sent).toEqual([{ type: 'load', inFlight: 1, connections: 1 }]);
  for (let inFlight = 2; inFlight < 50; inFlight++) {
    link.reportLoad(inFlight, 1);
    await turns();
  }
  link.reportLoad(0, 1);
  while (JSON.stringify(sent.at(-1)) !== JSON.stringify({ type: 'load', inFlight: 0, connections: 1 }))
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(sent.length).toBeLessThan(3 + (performance.now() - began) / 80);
});

test('what is said in between does not make reports of the load more frequent', async () => {
  const { link, sent } = setUp();
  for (let sequence = 0; sequence < 20; sequence++) {
    link.reportLoad(sequence, 1);
    link.send({ type: 'drained' });
    await turns();
  }
  sent.length = 0;
  const began = performance.now();
  for (let inFlight = 0; performance.now() - began < 700; inFlight++) {
    link.reportLoad(inFlight, 1);
    await turns();
  }
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.length).toBeLessThan(2 + (performance.now() - began) / 80);
});

test('an acknowledgement takes the load along, unless that was reported just now', async () => {
  const { link, sent } = setUp();
  link.reportLoad(1, 1);
  await turns();
  const reported = performance.now();
  while (performance.now() - reported < 20) await turns();
  link.reportLoad(2, 2);
  link.accept(5, () => {});
  await turns();
  expect(sent.slice(1)).toEqual([
    { type: 'accepted', ids: [5] },
    { type: 'load', inFlight: 2, connections: 2 },
  ]);
});

test('a burst of acknowledgements takes few loads along, and the last one follows', async () => {
  const { link, sent } = setUp();
  const began = performance.now();
  for (let id = 1; id <= 100; id++) {
    link.reportLoad(id, id);
    link.accept(id, () => {});
    await turns();
  }
  const loads = (): unknown[] => sent.filter((message) => JSON.stringify(message).includes('"load"'));
  expect(loads().length).toBeLessThan(2 + (performance.now() - began) / 10);
  while (JSON.stringify(sent.at(-1)) !== JSON.stringify({ type: 'load', inFlight: 100, connections: 100 }))
    await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a connection may be read only after its acknowledgement was written', async () => {
  const { link, theirs, ours } = setUp();
  theirs.pause();
  ours.write(frame(encode({ filling: 'x'.repeat(200_000) })));
  let written = false;
  link.accept(1, () => {
    written = true;
  });
  await turns();
  expect(written).toBe(false);
  theirs.resume();
  await turns();
  expect(written).toBe(true);
});

test('a message sent at once overtakes nothing that was said before it', async () => {
  const { link, sent } = setUp();
  link.accept(1, () => {});
  let gone = false;
  link.send({ type: 'drained' }, () => {
    gone = true;
  });
  await turns();
  expect(sent).toEqual([{ type: 'accepted', ids: [1] }, { type: 'drained' }]);
  expect(gone).toBe(true);
});

test('log records are dropped, and their number told, when more come than one message holds', async () => {
  const { link, sent } = setUp();
  for (let index = 0; index < 1500; index++) link.log(record(String(index)));
  await turns();
  expect(sent).toEqual([{ type: 'log', records: expect.any(Array) }]);
  const told = JSON.stringify(sent);
  expect(told).toContain('"message":"999"');
  expect(told).not.toContain('"message":"1000"');
  expect(told).toContain('"level":"warn","message":"log records were dropped"');
  expect(told).toContain('"dropped":500');
});

test('messages of the primary arrive checked, and without what they should not carry', async () => {
  const { messages, tell } = setUp();
  tell({ type: 'ping', sequence: 1, extra: true });
  tell({ type: 'drain', lastId: 0, timeout: 5 });
  tell({ type: 'revoke', ids: [1, 2] });
  tell({ type: 'status', request: 3, status: null });
  tell({ type: 'configure', worker: 1, config: { a: 1 } });
  await turns();
  expect(messages).toEqual([
    { type: 'ping', sequence: 1 },
    { type: 'drain', lastId: 0, timeout: 5 },
    { type: 'revoke', ids: [1, 2] },
    { type: 'status', request: 3, status: null },
    { type: 'configure', worker: 1, config: { a: 1 } },
  ]);
});

test.each([
  ['no object', 42],
  ['null', null],
  ['an unknown type', { type: 'explode' }],
  ['a sequence that is no count', { type: 'ping', sequence: -1 }],
  ['ids that are no list', { type: 'revoke', ids: 'all' }],
  ['an id that is no count', { type: 'revoke', ids: [1, 1.5] }],
  ['more ids than there can be', { type: 'revoke', ids: Array.from({ length: 65_537 }, () => 1) }],
  ['a drain without its timeout', { type: 'drain', lastId: 1 }],
  ['a configuration that is a list', { type: 'configure', worker: 1, config: [] }],
])('%s is told and ignored', async (_, value) => {
  const { messages, unknown, tell, closed } = setUp();
  tell(value);
  tell({ type: 'ping', sequence: 9 });
  await turns();
  expect(unknown).toHaveLength(1);
  expect(closed).toEqual([]);
  expect(messages).toEqual([{ type: 'ping', sequence: 9 }]);
});

test('a stream that is no longer in frames closes the link', async () => {
  const { theirs, closed } = setUp();
  theirs.write(Buffer.from('ffffffff', 'hex'));
  await turns();
  expect(closed).toEqual(['a frame announces 4294967295 bytes; the limit is 16777216']);
});

test('the end of the stream is told once', async () => {
  const { ours, closed } = setUp();
  ours.destroy(new Error('broken pipe'));
  await turns();
  expect(closed).toEqual(['broken pipe']);
});
