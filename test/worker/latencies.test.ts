import { expect, test } from '@jest/globals';
import { Histogram } from '../../src/wire/histogram.js';
import { Latencies } from '../../src/worker/latencies.js';

/** The largest of each step, to the millisecond. */
function slowest(latencies: Latencies): Record<string, number> {
  return Object.fromEntries(
    latencies.counts().map(({ protocol, step, counts }) => {
      const histogram = Histogram.from(counts);
      return [`${protocol} ${step} ${histogram?.total}`, Math.floor(histogram?.quantile(1) ?? -1)];
    }),
  );
}

test('the parts of a request are told apart, each by its protocol', () => {
  const latencies = new Latencies();
  latencies.record('line', { total: 100, ran: 20, waited: 50 });
  latencies.record('msgpack', { total: 10, ran: 4, waited: 0 });
  expect(slowest(latencies)).toEqual({
    'line total 1': 102,
    'line queued 1': 30,
    'line ran 1': 20,
    'line waited 1': 51,
    'msgpack total 1': 10,
    'msgpack queued 1': 6,
    'msgpack ran 1': 4,
    'msgpack waited 0': 0,
  });
});

test('an answer that was known already stood in no queue', () => {
  const latencies = new Latencies();
  latencies.record('line', { total: 1, ran: 0, waited: 0 });
  expect(Object.keys(slowest(latencies))).toEqual([
    'line total 1',
    'line queued 0',
    'line ran 0',
    'line waited 0',
  ]);
});
