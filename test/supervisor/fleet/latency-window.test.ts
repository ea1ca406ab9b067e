import { expect, test } from '@jest/globals';
import { LatencyWindow, latencyRows } from '../../../src/supervisor/fleet/latency-window.js';
import { Histogram } from '../../../src/wire/histogram.js';
import type { LatencyCounts } from '../../../src/wire/ipc.js';

/** What a worker reports whose requests took these milliseconds since its start. */
function report(...milliseconds: readonly number[]): LatencyCounts[] {
  const histogram = new Histogram();
  for (const value of milliseconds) histogram.record(value);
  return [{ protocol: 'line', step: 'total', counts: histogram.bytes() }];
}

const counts = (window: LatencyWindow): readonly number[] => latencyRows([window]).map(({ count }) => count);

test('what is older than two minutes no longer counts, what is younger than one does', () => {
  const window = new LatencyWindow(0);
  window.report(report(1), 1000);
  window.report(report(1, 1), 61_000);
  window.report(report(1, 1, 1), 100_000);
  expect(counts(window)).toEqual([3]);
  window.report(report(1, 1, 1), 122_000);
  expect(counts(window)).toEqual([1]);
  window.report(report(1, 1, 1), 183_000);
  expect(counts(window)).toEqual([]);
});

test('the rows are over all workers, in milliseconds', () => {
  const [a, b] = [new LatencyWindow(0), new LatencyWindow(0)];
  a.report(report(...Array.from({ length: 99 }, () => 1)), 1);
  b.report(report(50), 1);
  const [row] = latencyRows([a, b]);
  expect(row).toMatchObject({ protocol: 'line', step: 'total', count: 100 });
  expect(row?.p50).toBeCloseTo(1, 1);
  expect(row?.p99).toBeCloseTo(1, 1);
  expect(row?.p999).toBeCloseTo(50, -1);
  expect(row?.max).toBeCloseTo(50, -1);
});
