import { Histogram } from '../wire/histogram.js';
import { LATENCY_STEPS, type LatencyCounts, type LatencyStep } from '../wire/ipc.js';

/** How long one request took, in milliseconds. */
export interface RequestTimes {
  /** From its last byte to its answer. */
  readonly total: number;
  /** The part of it in a task thread. */
  readonly ran: number;
  /** The part of it for steps between two attempts. */
  readonly waited: number;
}

type Steps = Readonly<Record<LatencyStep, Histogram>>;

/** The latencies of a worker's requests since its start, by protocol. */
export class Latencies {
  readonly #byProtocol = new Map<string, Steps>();

  record(protocol: string, { total, ran, waited }: RequestTimes): void {
    const steps = this.#stepsOf(protocol);
    steps.total.record(total);
    // A cached answer was never in the queue.
    if (ran === 0) return;
    steps.queued.record(total - ran - waited);
    steps.ran.record(ran);
    if (waited > 0) steps.waited.record(waited);
  }

  counts(): readonly LatencyCounts[] {
    return [...this.#byProtocol].flatMap(([protocol, steps]) =>
      LATENCY_STEPS.map((step) => ({ protocol, step, counts: steps[step].bytes() })),
    );
  }

  #stepsOf(protocol: string): Steps {
    const known = this.#byProtocol.get(protocol);
    if (known) return known;
    const steps = {
      total: new Histogram(),
      queued: new Histogram(),
      ran: new Histogram(),
      waited: new Histogram(),
    };
    this.#byProtocol.set(protocol, steps);
    return steps;
  }
}
