import type { WorkerStatistics } from '../wire/ipc.js';
import { anonymousRss } from './anonymous-rss.js';
import { BusyShare } from './threads/busy-time.js';
import type { Clock } from './clock.js';
import type { Connections } from './connection/connections.js';
import type { Counters } from './counters.js';
import type { OutcomeCache } from './requests/outcome-cache.js';
import type { RequestQueue } from './requests/request-queue.js';
import type { StepRunner } from './requests/step-runner.js';
import type { ThreadPool } from './threads/thread-pool.js';

interface Subjects {
  readonly counters: Counters;
  readonly connections: Connections;
  readonly cache: OutcomeCache;
  readonly queue: RequestQueue;
  readonly steps: StepRunner;
  readonly pool: ThreadPool;
}

/** The statistics that a worker sends to the primary with each pong. */
export class Statistics {
  readonly #subjects: Subjects;
  readonly #clock: Clock;
  readonly #threadUse: BusyShare;
  #loopUse = performance.eventLoopUtilization();

  constructor(subjects: Subjects, clock: Clock) {
    this.#subjects = subjects;
    this.#clock = clock;
    this.#threadUse = new BusyShare(subjects.pool.busyTime, clock);
  }

  /** The present values; shares of time are those since the last call. */
  take(): WorkerStatistics {
    const { counters, connections, cache, queue, steps, pool } = this.#subjects;
    const before = this.#loopUse;
    this.#loopUse = performance.eventLoopUtilization();
    return {
      ...counters,
      activeConnections: connections.active,
      handshakes: connections.handshakes.open,
      failedHandshakes: connections.handshakes.failed,
      timeouts: pool.timeouts,
      cacheHits: cache.hits,
      cacheMisses: cache.misses,
      queueDepth: queue.depth,
      queuedClients: queue.clients,
      oldestWait: queue.oldestWait(this.#clock.now()),
      waiting: steps.waiting,
      threads: pool.threadCount,
      busyThreads: pool.busyThreads,
      threadUtilization: this.#threadUse.sinceLastAsked(pool.wanted),
      threadRestarts: pool.restarts,
      eventLoopUtilization: performance.eventLoopUtilization(this.#loopUse, before).utilization,
      rss: process.memoryUsage.rss(),
      anonymousRss: anonymousRss(),
    };
  }
}
