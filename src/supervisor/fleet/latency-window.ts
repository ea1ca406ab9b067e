import type { LatencyRow } from '../../wire/control.js';
import { Histogram } from '../../wire/histogram.js';
import type { LatencyCounts } from '../../wire/ipc.js';

/** Milliseconds after which a report becomes the base that later reports are compared with. */
const PERIOD_MS = 60_000;

type Report = ReadonlyMap<string, Histogram>;

const NO_LATENCIES: Report = new Map();

/**
 * The last one to two minutes of what a worker reports since its start, so that quantiles describe the present load.
 *
 *     ──┬────────────┬────────────┬───────▶      recent = current − before
 *     before       next         current          each PERIOD_MS: before ← next ← current
 */
export class LatencyWindow {
  #before = NO_LATENCIES;
  #next = NO_LATENCIES;
  #current = NO_LATENCIES;
  #turnedAt: number;

  /** @param now milliseconds, monotonic. */
  constructor(now: number) {
    this.#turnedAt = now;
  }

  report(latencies: readonly LatencyCounts[], now: number): void {
    this.#current = new Map(
      latencies.map(({ protocol, step, counts }) => [
        `${protocol} ${step}`,
        Histogram.from(counts) ?? new Histogram(),
      ]),
    );
    if (now - this.#turnedAt < PERIOD_MS) return;
    this.#turnedAt = now;
    this.#before = this.#next;
    this.#next = this.#current;
  }

  recent(): Report {
    return new Map(
      [...this.#current].map(([name, histogram]) => {
        const before = this.#before.get(name);
        return [name, before ? histogram.minus(before) : histogram];
      }),
    );
  }
}

/** One row for each protocol and step that occurred, over all workers. Milliseconds. */
export function latencyRows(windows: Iterable<LatencyWindow>): readonly LatencyRow[] {
  const sums = new Map<string, Histogram>();
  for (const window of windows) {
    for (const [name, histogram] of window.recent()) {
      sums.set(name, sums.get(name)?.plus(histogram) ?? histogram);
    }
  }
  return [...sums].flatMap(([name, histogram]) => {
    const [protocol = '', step = ''] = name.split(' ');
    const count = histogram.total;
    const at = (share: number): number => histogram.quantile(share);
    if (count === 0) return [];
    return { protocol, step, count, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
  });
}
