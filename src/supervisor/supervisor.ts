import { messageOf } from '../errors.js';
import type { Config } from '../config/config.js';
import { Logger, type LogSink } from '../log.js';
import type { ControlRequest, ControlResponse, ServerStatus } from '../wire/control.js';
import type { ScalingBounds } from '../scaling-policy.js';
import { workerAccount } from './accounts.js';
import { AttentiveClock } from './attentive-clock.js';
import { Autoscaler } from './autoscaler.js';
import { BacklogReader } from './backlog-reader.js';
import { setUpCluster } from './cluster.js';
import { carryOut } from './commands.js';
import { ControlServer } from './control-server.js';
import { Dispatcher } from './dispatcher.js';
import { Fleet } from './fleet.js';
import { boundTo, closeListeners, type Listener, openListeners } from './listeners.js';
import { Rebalancer } from './rebalancer.js';
import { refuse, TLS_INTERNAL_ERROR } from './refusal.js';
import { RunDirectory } from './run-directory.js';
import { statusOf } from './status.js';
import { TlsSettings } from './tls-settings.js';

/** What a client gets that no worker can take. @param retryAfter Milliseconds. */
export type BusyAnswer = (protocol: string, retryAfter: number) => Buffer;

export interface SupervisorOptions {
  readonly config: Config;
  /** The script of a worker process. */
  readonly workerEntry: string;
  readonly busy: BusyAnswer;
  readonly sink: LogSink;
  /** The first `workers.count` workers are ready. Called once. */
  readonly onReady: (listeners: readonly Listener[]) => void;
  /** An operator asked for a stop over the control socket. */
  readonly onStop: () => void;
}

/** Suggested to clients that get BUSY, in milliseconds. */
const RETRY_AFTER = 1000;
/** How often deadlines are looked at, at most, in milliseconds. */
const MAX_PERIOD = 250;

/** The primary: listeners, workers, and the way of each connection from the one to the other. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #log: Logger;
  readonly #clock: AttentiveClock;
  readonly #period: number;
  readonly #runDirectory: RunDirectory;
  readonly #control: ControlServer;
  readonly #dispatcher: Dispatcher;
  readonly #fleet: Fleet;
  readonly #tls: TlsSettings;
  readonly #autoscaler: Autoscaler;
  readonly #rebalancer: Rebalancer;
  #sampledAt = 0;
  readonly #startedAt = performance.now();
  #listeners: readonly Listener[] = [];
  #backlog: BacklogReader | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #wasReady = false;
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    const { config, sink } = options;
    this.#options = options;
    this.#log = new Logger(config['log.level'], 'primary', sink);
    this.#period = Math.min(config['workers.pingInterval'], config['workers.pingTimeout'] / 4, MAX_PERIOD);
    const clock = new AttentiveClock(this.#period, () => performance.now());
    this.#clock = clock;
    this.#runDirectory = new RunDirectory(config['run.directory']);
    this.#control = new ControlServer((request) => this.#command(request));
    this.#dispatcher = new Dispatcher({
      now: () => clock.now(),
      maxPending: config['pending.max'],
      maxWait: config['pending.maxWait'],
      handoverTimeout: config['handover.timeout'],
      patience: config['workers.pingTimeout'],
      refuse: (socket, listener) => {
        listener.refused += 1;
        const { protocol, tls } = listener.config;
        refuse(socket, tls ? TLS_INTERNAL_ERROR : options.busy(protocol, RETRY_AFTER));
      },
    });
    this.#tls = new TlsSettings(config.listeners, () => clock.now());
    this.#fleet = new Fleet({
      config,
      dispatcher: this.#dispatcher,
      now: () => clock.now(),
      log: this.#log,
      sink,
      status: () => this.status(),
      greeting: () => this.#tls.messages(),
      onChange: () => this.#onChange(),
      onNewWorker: () => this.#rebalancer.onNewWorker(),
    });
    this.#autoscaler = new Autoscaler(this.#fleet, this.#dispatcher, scalingBounds(config), this.#log);
    this.#rebalancer = new Rebalancer(this.#fleet, this.#log);
  }

  /** Resolves when it listens and workers are on their way; fails, and leaves nothing behind, when it cannot. */
  async start(): Promise<void> {
    const { config, workerEntry } = this.#options;
    setUpCluster(workerEntry, workerAccount(config['workers.user'], config['workers.group']));
    await this.#runDirectory.claim(this.#log);
    try {
      await this.#control.listen(this.#runDirectory.controlSocket, this.#log);
      this.#listeners = await openListeners(
        config.listeners,
        (socket, listener) => this.#dispatcher.accept(socket, listener),
        this.#log,
      );
    } catch (error) {
      this.#control.close();
      this.#runDirectory.release();
      throw error;
    }
    this.#backlog = new BacklogReader(() => this.#listeners.flatMap((one) => boundTo(one) ?? []), this.#log);
    this.#ticker = setInterval(() => {
      this.#clock.tick();
      this.#fleet.check();
      this.#fleet.tellAll(this.#tls.rotated());
      this.#sample();
    }, this.#period);
    this.#fleet.scale(config['workers.count']);
    if (config['workers.scaling'] === 'auto') this.#autoscaler.turnOn(scalingBounds(config));
  }

  /** Stops listening, lets the workers answer what they have read, and resolves when the last is gone. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#fleet.killAll();
  }

  /** Forks this many workers more, or drains as many. */
  scaleBy(difference: number): void {
    const argument = difference < 0 ? `${difference}` : `+${difference}`;
    const response = this.#command({ command: 'scale', argument });
    if (!response.ok) this.#log.warn(response.message);
  }

  status(): ServerStatus {
    return statusOf({
      state: this.#state(),
      uptime: performance.now() - this.#startedAt,
      scaling: this.#autoscaler.on ? 'auto' : 'fixed',
      fleet: this.#fleet,
      dispatcher: this.#dispatcher,
      listeners: this.#listeners,
      backlog: this.#backlog,
    });
  }

  async #stop(): Promise<void> {
    this.#log.info('stopping');
    closeListeners(this.#listeners);
    this.#dispatcher.close();
    await this.#fleet.stop();
    clearInterval(this.#ticker);
    this.#backlog?.close();
    this.#control.close();
    this.#runDirectory.release();
    this.#log.info('stopped');
  }

  /** What is decided by the workers' reports, once for each round of them. */
  #sample(): void {
    const now = this.#clock.now();
    if (this.#stopping || now - this.#sampledAt < this.#options.config['workers.pingInterval']) return;
    this.#sampledAt = now;
    this.#autoscaler.sample();
    this.#rebalancer.step();
  }

  #state(): ServerStatus['state'] {
    if (this.#stopping) return 'stopping';
    if (this.#fleet.degraded) return 'degraded';
    return this.#wasReady ? 'running' : 'starting';
  }

  #onChange(): void {
    try {
      this.#runDirectory.record(this.#fleet.handles.map(({ pid }) => pid));
    } catch (error) {
      this.#log.error('the pid file could not be written', { error: messageOf(error) });
    }
    if (this.#wasReady || this.#stopping || this.#fleet.ready < this.#fleet.wanted) return;
    this.#wasReady = true;
    this.#options.onReady(this.#listeners);
  }

  #command(request: ControlRequest): ControlResponse {
    const { command } = request;
    if (this.#stopping && command !== 'status' && command !== 'stop') {
      return { ok: false, code: 'STOPPING', message: 'the server is stopping' };
    }
    if (command !== 'status') this.#log.info('command', { ...request });
    return carryOut(request, {
      wanted: this.#fleet.wanted,
      status: () => this.status(),
      scaleTo: (workers) => {
        this.#autoscaler.turnOff();
        this.#fleet.scale(workers);
      },
      scaleByLoad: () => this.#autoscaler.turnOn(scalingBounds(this.#options.config)),
      restart: (worker) => this.#fleet.restart(worker),
      stop: () => this.#options.onStop(),
      stopNow: () => {
        this.#options.onStop();
        this.kill();
      },
    });
  }
}

function scalingBounds(config: Config): ScalingBounds {
  return { min: config['workers.min'], max: config['workers.max'] };
}
