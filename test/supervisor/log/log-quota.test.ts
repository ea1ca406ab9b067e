import { expect, test } from '@jest/globals';
import type { LogRecord } from '../../../src/log.js';
import { LogQuota } from '../../../src/supervisor/log/log-quota.js';

const records = (count: number): LogRecord[] =>
  Array.from({ length: count }, () => ({
    time: 1,
    level: 'info' as const,
    message: 'm',
    source: '',
    pid: 1,
    fields: {},
  }));

test('what a worker sends beyond its quota of a second is dropped, and the number is said in the next', () => {
  let now = 0;
  const quota = new LogQuota(() => now);
  expect(quota.take(records(15_000))).toHaveLength(15_000);
  expect(quota.take(records(15_000))).toHaveLength(5000);
  expect(quota.take(records(60_000))).toEqual([]);
  now = 1000;
  const [report, ...others] = quota.take(records(3));
  expect(report).toMatchObject({ level: 'warn', message: expect.stringMatching(/^70000 lines .* dropped/) });
  expect(others).toEqual(records(3));
  now = 2000;
  expect(quota.take(records(3))).toEqual(records(3));
});
