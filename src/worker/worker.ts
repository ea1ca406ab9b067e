import { Socket } from 'node:net';
import type { Config } from '../config/config.js';
import { receivedConfig } from '../config/received-config.js';
import { warmUpTime } from '../config/warm-up-time.js';
import { messageOf, PkixdError } from '../errors.js';
import { Logger } from '../log.js';
import { IPC_VERSION, type OrderOutcome, type ToWorker } from '../wire/ipc.js';
import { detachOnce } from '../wire/detach.js';
import { spareThreads } from '../wire/loop-heap.js';
import type { Protocol } from '../wire/protocol.js';
import { SYSTEM_CLOCK } from './clock.js';
import { Admission, MIN_RETRY_MS } from './requests/admission.js';
import type { Connection } from './connection/connection.js';
import {
  connectionDeadlines,
  connectionLimits,
  connectionsOptions,
  requestLimits,
} from './connection/connection-settings.js';
import { Connections, type WorkersPart } from './connection/connections.js';
import { newCounters } from './counters.js';
import { Deadlines } from './connection/deadlines.js';
import { startGuard } from './guard.js';
import { HeldBytes } from './connection/held-bytes.js';
import { Latencies } from './latencies.js';
import { oncePerTurn } from './requests/once-per-turn.js';
import { OutcomeCache } from './requests/outcome-cache.js';
import type { QueuedRequest } from './requests/queued-request.js';
import { RequestQueue } from './requests/request-queue.js';
import type { ReadThrottle } from './connection/read-throttle.js';
import type { Services } from './requests/services.js';
import { Statistics } from './statistics.js';
import { StatusRequests } from './requests/status-requests.js';
import { StepRunner } from './requests/step-runner.js';
import { SupervisorLink } from './supervisor-link.js';
import { ThreadPool } from './threads/thread-pool.js';
import { ThreadScaler } from './threads/thread-scaler.js';
import { warmUpFields, warmUpLoop } from './warm-up.js';

export interface WorkerParts {
  /** Every protocol a listener may name. */
  readonly protocols: Readonly<Record<string, Protocol>>;
  /** The module that task threads run; it calls thread/thread.ts. */
  readonly threadEntry: URL;
  /** The steps that the IO loop carries out for tasks. */
  readonly services: (config: Config, log: Logger, onStuck: (reason: string) => void) => Services;
  /** Sent to the primary, which replaces workers of another version. */
  readonly version: string;
}

/**
 * The size of Node's pool for small buffers: requests and answers take some kilobytes, and a new pool costs a
 * microsecond.
 */
const POOL = 32 * 1024;

/**
 * A worker process: waits on fd 6 for its configuration, starts its threads, sends `ready`, and serves the connections
 * it is handed until it must drain or the primary is gone.
 */
export function runWorker(parts: WorkerParts): void {
  spareThreads();
  detachOnce();
  Buffer.poolSize = POOL;
  startGuard();
  process.on('disconnect', () => {
    process.exit(0);
  });
  let worker: Worker | undefined;
  const link = new SupervisorLink(new Socket({ fd: 6 }), new Socket({ fd: 4 }), {
    onMessage: (message) => {
      if (message.type !== 'configure') worker?.onMessage(message);
      else worker ??= new Worker(message.worker, receivedConfig(message.config), parts, link);
    },
    onUnknown: (type) => {
      worker?.log.warn('an unknown message of the primary is ignored', { type });
    },
    onClosed: () => {
      process.exit(0);
    },
  });
}

class Worker {
  readonly log: Logger;
  readonly #config: Config;
  readonly #link: SupervisorLink;
  readonly #counters = newCounters();
  readonly #latencies = new Latencies();
  readonly #queue: RequestQueue;
  readonly #services: Services;
  readonly #steps: StepRunner;
  readonly #cache: OutcomeCache;
  readonly #pool: ThreadPool;
  readonly #admission: Admission;
  readonly #statistics: Statistics;
  readonly #statusRequests: StatusRequests;
  readonly #connections: Connections;
  #draining = false;

  constructor(number: number, config: Config, parts: WorkerParts, link: SupervisorLink) {
    this.#config = config;
    this.#link = link;
    this.log = new Logger(config['log.level'], `worker ${number}`, (record) => {
      link.log(record);
    });
    this.#queue = new RequestQueue(config['queue.max'], config['request.maxHeld']);
    this.#services = parts.services(config, this.log, (reason) => {
      this.#askForReplacement(reason);
    });
    this.#steps = this.#createSteps();
    this.#cache = new OutcomeCache({
      max: config['cache.max'],
      maxBytes: config['cache.maxSize'],
      now: Date.now,
      elapsed: () => SYSTEM_CLOCK.now(),
      epoch: oncePerTurn(() => this.#services.epoch()),
    });
    this.#pool = this.#createPool(parts.threadEntry);
    this.#admission = new Admission({
      queue: this.#queue,
      cache: this.#cache,
      counters: this.#counters,
      clock: SYSTEM_CLOCK,
      wake: () => {
        this.#pool.wake();
      },
    });
    this.#statusRequests = new StatusRequests(SYSTEM_CLOCK, (request) => {
      link.send({ type: 'statusRequest', request });
    });
    const options = connectionsOptions(config, parts.protocols);
    this.#connections = new Connections(options, this.#connectionHost(), link);
    this.#statistics = new Statistics(
      {
        counters: this.#counters,
        connections: this.#connections,
        cache: this.#cache,
        queue: this.#queue,
        steps: this.#steps,
        pool: this.#pool,
      },
      SYSTEM_CLOCK,
    );
    process.on('message', (message: unknown, handle: unknown) => {
      this.#connections.take(message, handle);
    });
    void this.#becomeReady(parts);
  }

  onMessage(message: Exclude<ToWorker, { type: 'configure' }>): void {
    switch (message.type) {
      case 'ping':
        this.#answerPing(message.sequence);
        return;
      case 'tls':
        this.#connections.configureTls(message.listeners, message.ticketKeys);
        return;
      case 'revoke':
        this.#connections.revoke(message.ids);
        return;
      case 'shed':
        this.#connections.shed(message.count);
        return;
      case 'dump':
        // An operator asked for it, so it is logged whatever the log's level.
        this.#connections.dump(this.log.at('info'));
        return;
      case 'status':
        this.#statusRequests.answered(message.request, message.status);
        return;
      case 'order':
        void this.#carryOut(message.order, message.name, message.body);
        return;
      case 'drain':
        void this.#drain(message.lastId, message.timeout);
    }
  }

  #answerPing(sequence: number): void {
    const latencies = this.#latencies.counts();
    const services = this.#services.counts?.();
    const statistics = this.#statistics.take();
    this.#link.send({ type: 'pong', sequence, statistics, latencies, ...(services && { services }) });
  }

  async #carryOut(order: number, name: string, body: Uint8Array): Promise<void> {
    const outcome = await outcomeOf(this.#services.orders?.[name], body, name);
    this.#link.send({ type: 'ordered', order, outcome });
  }

  async #becomeReady({ version, protocols }: WorkerParts): Promise<void> {
    const started = this.#pool.start();
    const warmed = this.#warmUp(protocols);
    try {
      await this.#services.start();
    } catch (error) {
      this.#askForReplacement(messageOf(error));
      return;
    }
    await started;
    await warmed;
    if (this.#config['threads.scaling'] === 'auto') this.#scaleThreads();
    const threads = this.#pool.threadCount;
    this.#link.send({ type: 'ready', pid: process.pid, version, ipc: IPC_VERSION, threads });
  }

  /** At the same time as the threads. */
  async #warmUp(protocols: WorkerParts['protocols']): Promise<void> {
    const time = warmUpTime(this.#config);
    if (time === 0) return;
    try {
      const limits = { ...requestLimits(this.#config), ...connectionLimits(this.#config) };
      const parts = { protocols: Object.values(protocols), limits, clock: SYSTEM_CLOCK, log: this.log, time };
      const warmed = await warmUpLoop(parts);
      await this.#services.warmUp?.();
      this.log.verbose('the event loop is warm', warmUpFields(warmed));
    } catch (error) {
      this.log.warn('the event loop was not warmed up', { error: messageOf(error) });
    }
  }

  async #drain(lastId: number, timeout: number): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    const { cutOff } = await this.#connections.drain(lastId, timeout);
    if (cutOff > 0) this.log.warn('the drain timeout cut connections off', { connections: cutOff });
    await this.#services.close();
    this.#link.send({ type: 'drained' }, () => {
      process.exit(0);
    });
  }

  #createPool(entry: URL): ThreadPool {
    const config = this.#config;
    const options = {
      entry,
      setup: config,
      count: config['threads.count'],
      spare: config['threads.spare'],
      batch: config['threads.batch'],
      taskTimeout: config['threads.taskTimeout'],
      bootTimeout: config['workers.bootTimeout'],
      onNeeds: (request: QueuedRequest, step: string, body: Uint8Array): void => {
        this.#steps.run(request, step, body);
      },
      onNotice: (name: string, body: Uint8Array): void => {
        this.#services.notices[name]?.(body);
      },
      onStuck: (reason: string): void => {
        this.#askForReplacement(reason);
      },
    };
    return new ThreadPool(options, this.#queue, this.log, SYSTEM_CLOCK);
  }

  #createSteps(): StepRunner {
    const { steps, patience, maxWaiting } = this.#services;
    const options = {
      steps,
      patience,
      max: maxWaiting,
      maxBytes: this.#config['request.maxHeld'],
      onReady: (requests: readonly QueuedRequest[]): void => {
        this.#queue.requeue(requests);
        this.#pool.wake();
      },
    };
    return new StepRunner(options, SYSTEM_CLOCK, this.log);
  }

  #askForReplacement(reason: string): void {
    this.#link.send({ type: 'restart', reason });
  }

  #scaleThreads(): void {
    const bounds = { min: this.#config['threads.min'], max: this.#config['threads.max'] };
    new ThreadScaler(this.#pool, this.#queue, bounds, SYSTEM_CLOCK, this.log).start();
  }

  #connectionHost(): WorkersPart {
    const counters = this.#counters;
    return {
      limits: connectionLimits(this.#config),
      deadlines: new Deadlines<Connection>(
        connectionDeadlines(this.#config),
        SYSTEM_CLOCK,
        (connection, kind) => {
          connection.expire(kind);
        },
      ),
      rests: new Deadlines<ReadThrottle, 'rest'>({ rest: MIN_RETRY_MS }, SYSTEM_CLOCK, (rest) => {
        rest.end();
      }),
      counters,
      held: new HeldBytes(this.#config['request.maxHeld']),
      log: this.log,
      clock: SYSTEM_CLOCK,
      latencies: this.#latencies,
      flows: this.#queue,
      admission: this.#admission,
      requestStatus: (answer) => {
        this.#statusRequests.request(answer);
      },
      loadChanged: () => {
        this.#link.reportLoad(counters.inFlight, counters.openConnections);
      },
    };
  }
}

async function outcomeOf(
  order: ((body: Uint8Array) => Promise<Uint8Array>) | undefined,
  body: Uint8Array,
  name: string,
): Promise<OrderOutcome> {
  if (order === undefined) {
    return { ok: false, code: 'NO_SUCH_ORDER', message: `a worker of this release takes no order "${name}"` };
  }
  try {
    return { ok: true, body: await order(body) };
  } catch (error) {
    const code = error instanceof PkixdError ? error.code : 'ORDER_FAILED';
    return { ok: false, code, message: messageOf(error) };
  }
}
