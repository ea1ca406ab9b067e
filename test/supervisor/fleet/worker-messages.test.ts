import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { parseToPrimary } from '../../../src/supervisor/fleet/worker-messages.js';
import { decode, encode } from '../../../src/wire/codec.js';
import { Histogram } from '../../../src/wire/histogram.js';
import type { ToPrimary, WorkerStatistics } from '../../../src/wire/ipc.js';

const statistics: WorkerStatistics = {
  openConnections: 1,
  handledConnections: 2,
  handshakes: 0,
  failedHandshakes: 0,
  handledRequests: 3,
  errors: 0,
  busy: 0,
  timeouts: 0,
  cacheHits: 1,
  cacheMisses: 3,
  inFlight: 0,
  queueDepth: 0,
  queuedClients: 0,
  oldestWait: 0.5,
  waiting: 6,
  threads: 1,
  busyThreads: 1,
  threadRestarts: 0,
  eventLoopUtilization: 0.25,
  rss: 5e9,
  anonymousRss: 4e9,
  threadUtilization: 1,
  activeConnections: 1,
};

const LATENCY = { protocol: 'line', step: 'ran', counts: new Histogram().bytes() } as const;

const MESSAGES: readonly ToPrimary[] = [
  { type: 'ready', pid: 7, version: '1.2.3', ipc: 1, threads: 2 },
  { type: 'pong', sequence: 3, statistics, latencies: [LATENCY], services: { fetched: 2 } },
  { type: 'load', inFlight: 0, connections: 9 },
  { type: 'accepted', ids: [1, 2, 3] },
  { type: 'refused', ids: [4] },
  { type: 'revoked', ids: [5] },
  { type: 'statusRequest', request: 8 },
  { type: 'drained' },
  { type: 'ordered', order: 3, outcome: { ok: true, body: Buffer.of(1) } },
  { type: 'ordered', order: 4, outcome: { ok: false, code: 'BUSY', message: 'later' } },
  { type: 'restart', reason: 'threads do not start' },
  { type: 'log', records: [{ time: 1, level: 'warn', message: 'm', source: 's', pid: 2, fields: { a: 1 } }] },
];

test.each(MESSAGES.map((message) => [message.type, message] as const))(
  '%s arrives as it was sent',
  (_, message) => {
    expect(parseToPrimary(decode(encode(message)))).toEqual(message);
  },
);

test.each<[string, unknown]>([
  ['an unknown type', { type: 'shutdown' }],
  ['a word', 'ready'],
  ['a negative id', { type: 'accepted', ids: [-1] }],
  ['no ids', { type: 'accepted', ids: [] }],
  ['ids without end', { type: 'accepted', ids: Array.from({ length: 70_000 }, (_, id) => id) }],
  ['a load that is no number', { type: 'load', inFlight: Number.NaN, connections: 0 }],
  [
    'statistics with a hole',
    { type: 'pong', sequence: 1, statistics: { ...statistics, rss: undefined }, latencies: [] },
  ],
  ['no latencies', { type: 'pong', sequence: 1, statistics }],
  [
    'a latency cut off',
    { type: 'pong', sequence: 1, statistics, latencies: [{ ...LATENCY, counts: new Uint8Array(8) }] },
  ],
  [
    'a latency of nothing known',
    { type: 'pong', sequence: 1, statistics, latencies: [{ ...LATENCY, step: 'slept' }] },
  ],
  [
    'a count that is none',
    { type: 'pong', sequence: 1, statistics, latencies: [], services: { fetched: '2' } },
  ],
  ['an order done without a result', { type: 'ordered', order: 3, outcome: { ok: true } }],
  ['an order failed without a reason', { type: 'ordered', order: 3, outcome: { ok: false, code: 'X' } }],
  [
    'counts without end',
    {
      type: 'pong',
      sequence: 1,
      statistics,
      latencies: [],
      services: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [n, n])),
    },
  ],
  [
    'an unknown level',
    { type: 'log', records: [{ time: 1, level: 'fatal', message: '', source: '', pid: 1, fields: {} }] },
  ],
  [
    'a time that no Date has',
    { type: 'log', records: [{ time: 9e15, level: 'info', message: '', source: '', pid: 1, fields: {} }] },
  ],
  ['a novel for a reason', { type: 'restart', reason: 'x'.repeat(100_000) }],
])('%s is no message', (_, value) => {
  expect(parseToPrimary(value)).toBeUndefined();
});

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

test.each([
  ['deep', { a: nested(3500) }],
  ['deep by lists', { a: Array.from({ length: 3500 }).reduce((inner) => [inner], 1) }],
  ['many', Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [n, n]))],
  ['long', { a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) }],
  ['long by their names', { ['x'.repeat(70_000)]: 1 }],
  ['bytes', { a: new Uint8Array(1_000_000) }],
])('fields of a log record that are %s are left out, and the record is written', (_, fields) => {
  const record = { time: 1, level: 'info', message: 'm', source: '', pid: 1 };
  const heard = parseToPrimary({
    type: 'log',
    records: [
      { ...record, fields },
      { ...record, fields: { a: [1] } },
    ],
  });
  expect(heard).toEqual({
    type: 'log',
    records: [
      { ...record, fields: { fields: expect.stringContaining('left out') } },
      { ...record, fields: { a: [1] } },
    ],
  });
});

test('no value whatever makes it throw', () => {
  const types = fc.constantFrom(...MESSAGES.map(({ type }) => type));
  const anything = fc.oneof(
    fc.anything(),
    fc.record({
      type: types,
      ids: fc.anything(),
      statistics: fc.anything(),
      records: fc.array(fc.anything()),
    }),
  );
  fc.assert(
    fc.property(anything, (value) => {
      parseToPrimary(value);
    }),
  );
});
