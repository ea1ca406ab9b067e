import { expect, test } from '@jest/globals';
import { describeStatus } from '../../../src/cli/server/status.js';
import { formatAge, formatTable } from '../../../src/cli/table.js';
import type { ServerStatus } from '../../../src/wire/control.js';

const STATUS: ServerStatus = {
  version: '1.2.3',
  pid: 7,
  node: 'v20.19.0',
  state: 'degraded',
  uptime: 93_784_000,
  scale: 2,
  scaling: 'auto',
  restarts: 1,
  pending: 4,
  rss: 64 * 1024 ** 2,
  listeners: [
    {
      name: 'inner',
      address: 'unix:/run/a',
      protocol: 'line',
      accepted: 12,
      refused: 3,
      refusedFor: { 'pending.max': 2, descriptors: 1 },
      backlog: 1,
      probe: { took: 1.25, failure: null },
    },
  ],
  latencies: [
    { protocol: 'line', step: 'total', count: 7, p50: 0.1, p90: 0.25, p99: 1.5, p999: 12, max: 1234 },
  ],
  workers: [
    {
      worker: 1,
      pid: 8,
      state: 'ready',
      version: '1.2.2',
      uptime: 61_000,
      lastPong: 120,
      statistics: {
        openConnections: 1,
        handledConnections: 2,
        handshakes: 0,
        failedHandshakes: 0,
        handledRequests: 300,
        errors: 4,
        busy: 5,
        timeouts: 6,
        cacheHits: 1,
        cacheMisses: 3,
        inFlight: 7,
        queueDepth: 8,
        queuedClients: 3,
        oldestWait: 9,
        waiting: 6,
        threads: 2,
        busyThreads: 1,
        threadUtilization: 0.5,
        threadRestarts: 0,
        eventLoopUtilization: 0.254,
        rss: 100 * 1024 ** 2,
        anonymousRss: 60 * 1024 ** 2,
        activeConnections: 3,
      },
      services: { redisUp: 1, redisHits: 5, redisMisses: 2, redisPublished: 1, redisErrors: 7 },
    },
    {
      worker: 3,
      pid: 9,
      state: 'starting',
      uptime: 10,
      lastPong: 10,
      services: { redisUp: 0, redisHits: 1 },
    },
  ],
  replaced: [{ worker: 2, pid: 10, ago: 65_000, why: 'it was ended by SIGSEGV' }],
};

test('the status shows the server, each listener and each worker, a dash where nothing is known yet', () => {
  const text = describeStatus(STATUS);
  expect(text).toMatch(
    /^pkixd 1\.2\.3: degraded, pid 7, up 1d 2h, Node v20\.19\.0\n1 of 2 workers ready \(by load\), 1 restarts, 4 /,
  );
  expect(text).toMatch(/inner unix:\/run\/a +line +12 +3 +1 +1\.25ms$/m);
  expect(text).toMatch(/^refused at inner: 2 pending\.max, 1 descriptors$/m);
  expect(text).toMatch(
    / 1 +ready +8 +1\.2\.2 +1m 1s +120ms +1 +3 +2 +300 +4 +5 +6 +7 +8 +6 +25% +9ms +1\/2 +25% +100 MiB +60 MiB$/m,
  );
  expect(text).toMatch(/ 2 +10 +1m 5s +it was ended by SIGSEGV$/m);
  expect(text).toMatch(/^line +total +7 +0\.100 +0\.250 +1\.50 +12\.0 +1234$/m);
  expect(text).toMatch(/ 3 +starting +9 +- +10ms +- .*-$/m);
});

test('what hosts share is shown over all workers, and only where they do', () => {
  expect(describeStatus(STATUS)).toMatch(
    /^Redis: up in 1 of 2 workers; 6 downloads spared, 2 made, 1 published, 0 announcements, 0 CRLs refused, 7 errors$/m,
  );
  const without = STATUS.workers.map((worker) => ({ ...worker, services: {} }));
  expect(describeStatus({ ...STATUS, workers: without })).not.toContain('Redis');
});

test('columns are as wide as their widest cell', () => {
  const table = formatTable<[string, number]>(
    [
      { title: 'N', align: 'left', cell: ([name]) => name },
      { title: 'VALUE', align: 'right', cell: ([, value]) => value },
    ],
    [
      ['long', 1],
      ['s', 1234567],
    ],
  );
  expect(table).toBe('N       VALUE\nlong        1\ns     1234567');
});

test.each([
  [850, '850ms'],
  [60_000, '1m'],
  [3_605_000, '1h'],
  [90_061_000, '1d 1h'],
])('%d ms are shown as %s', (milliseconds, text) => {
  expect(formatAge(milliseconds)).toBe(text);
});
