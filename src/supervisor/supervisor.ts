import { RepeatedWarnings } from '../repeated-warnings.js';
import { messageOf } from '../errors.js';
import type { Config } from '../config/config.js';
import { Logger, type LogSink } from '../log.js';
import type { ConnectionHandle } from '../wire/connection-handle.js';
import type { ControlRequest, ControlResponse, ServerStatus } from '../wire/control.js';
import { AttentiveClock } from './host/attentive-clock.js';
import { BacklogReader } from './listen/backlog-reader.js';
import { setUpCluster } from './fleet/cluster.js';
import { carryOut } from './commands.js';
import { ControlServer } from './control-server.js';
import { Dispatcher, type Refusal } from './dispatch/dispatcher.js';
import { Fleet } from './fleet/fleet.js';
import { Generation, type Settings } from './generation.js';
import type { BoundAddress } from './listen/kernel-backlog.js';
import { InheritedSockets } from './listen/inherited-sockets.js';
import { ListenerProbe, type ProbeOptions } from './listen/listener-probe.js';
import { ListenerSet } from './listen/listener-set.js';
import { boundTo, type Listener } from './listen/listeners.js';
import { refuse, refuseAtOnce, TLS_INTERNAL_ERROR } from './dispatch/refusal.js';
import { Reloader } from './reloader.js';
import { makeDataDirectory } from './host/data-directory.js';
import { self } from './host/directory-trust.js';
import { Descriptors } from './host/descriptors.js';
import { RunDirectory } from './host/run-directory.js';
import { Scaling } from './scale/scaling.js';
import { statusOf } from './status.js';
import { TlsSettings } from './listen/tls-settings.js';

/** The BUSY answer of a protocol. @param retryAfter milliseconds */
export type BusyAnswer = (protocol: string, retryAfter: number) => Buffer;

/**
 * Reads configuration and release, at the start and at each reload; throws a `PkixdError` that says what is wrong.
 * @param warn gets warnings; standard error when absent
 */
export type ReadSettings = (warn?: (message: string) => void) => Settings;

export interface SupervisorOptions {
  readonly settings: Settings;
  readonly read: ReadSettings;
  readonly busy: BusyAnswer;
  readonly probeOf: ProbeOptions['probeOf'];
  readonly sink: LogSink;
  /** The first `workers.count` workers are ready. Called once. */
  readonly onReady: (listeners: readonly Listener[]) => void;
  /** Called when a reload begins, and with its response when it is over. */
  readonly onReload: (response?: ControlResponse) => void;
  /** An operator asked for a stop over the control socket. */
  readonly onStop: () => void;
}

/** Suggested to clients that get BUSY, in milliseconds. */
const RETRY_AFTER_MS = 1000;
const NO_WORKER = 'clients are refused with BUSY: no worker takes their connections';
const REFUSED = {
  'pending.max': NO_WORKER,
  'pending.maxWait': NO_WORKER,
  descriptors:
    'clients are refused with BUSY: the primary has too few file descriptors; raise its limit (ulimit -n, LimitNOFILE=)',
} as const;
/** How often deadlines are looked at, at most, in milliseconds. */
const MAX_TICK_MS = 250;

/** The primary: listeners, workers, and the hand-over of connections from listeners to workers. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #log: Logger;
  readonly #clock: AttentiveClock;
  readonly #runDirectory: RunDirectory;
  readonly #control: ControlServer;
  readonly #listeners: ListenerSet;
  readonly #dispatcher: Dispatcher;
  readonly #fleet: Fleet;
  readonly #tls: TlsSettings;
  readonly #scaling: Scaling;
  readonly #reloader: Reloader;
  readonly #refusals: RepeatedWarnings;
  readonly #startedAt = performance.now();
  readonly #probe: ListenerProbe;
  readonly #descriptors = new Descriptors();
  /** The generation that the server runs; a successful reload replaces it. */
  #generation: Generation;
  #backlog: BacklogReader | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #wasReady = false;
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    const { sink } = options;
    const { config } = options.settings;
    const generation = new Generation(options.settings);
    this.#generation = generation;
    this.#options = options;
    this.#log = new Logger(config['log.level'], 'primary', sink);
    this.#refusals = new RepeatedWarnings(this.#log);
    this.#clock = new AttentiveClock(periodOf(config), () => performance.now());
    const now = (): number => this.#clock.now();
    const uids = new Set([self().uid, generation.account?.uid ?? self().uid]);
    this.#runDirectory = new RunDirectory(config['run.directory'], uids);
    this.#control = new ControlServer((request) => this.#command(request));
    this.#dispatcher = this.#createDispatcher();
    this.#listeners = new ListenerSet((handle, listener) => this.#accept(handle, listener), this.#log);
    this.#tls = new TlsSettings(now);
    this.#probe = new ListenerProbe({
      listeners: () => this.#listeners.all,
      probeOf: options.probeOf,
      slow: () => this.#config['probe.timeout'],
      log: this.#log,
    });
    this.#fleet = new Fleet({
      generation,
      dispatcher: this.#dispatcher,
      now,
      log: this.#log,
      sink,
      status: () => this.status(),
      greeting: (of) => this.#tls.messages(of),
      onChange: () => this.#onChange(),
      onNewWorker: () => this.#scaling.onNewWorker(),
    });
    this.#scaling = new Scaling(this.#fleet, this.#dispatcher, config, this.#log);
    this.#reloader = new Reloader({
      current: () => this.#generation,
      read: () => options.read((message) => this.#log.warn(message)),
      fleet: this.#fleet,
      listeners: this.#listeners,
      log: this.#log,
      onDone: (next) => this.#adopt(next),
    });
  }

  /** Resolves when it listens and workers are on their way; fails, and leaves nothing behind, when it cannot. */
  async start(): Promise<void> {
    const { config, workerEntry, account } = this.#generation;
    setUpCluster(workerEntry, account);
    await this.#runDirectory.claim(this.#log);
    try {
      makeDataDirectory(config['data.directory'], account);
      await this.#control.listen(this.#runDirectory.controlSocket, this.#log);
      await this.#listeners.open(config.listeners, new InheritedSockets(process.env, process.pid));
    } catch (error) {
      this.#control.close();
      this.#runDirectory.release();
      throw error;
    }
    const bound = (): readonly BoundAddress[] => this.#listeners.all.flatMap((one) => boundTo(one) ?? []);
    this.#backlog = new BacklogReader(bound, this.#log);
    this.#tick(config);
    this.#scaling.begin(config);
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

  /** Forks this many more workers; drains some if it is negative. */
  async scaleBy(difference: number): Promise<void> {
    const argument = difference < 0 ? `${difference}` : `+${difference}`;
    const response = await this.#command({ command: 'scale', argument });
    if (!response.ok) this.#log.warn(response.message);
  }

  /** Changes to the present configuration and release (`pkixd reload`, SIGHUP). */
  async reload(): Promise<ControlResponse> {
    if (this.#reloader.underWay) return this.#reloader.reload();
    this.#options.onReload();
    const response = await this.#reloader.reload();
    this.#options.onReload(response);
    return response;
  }

  status(): ServerStatus {
    return statusOf({
      state: this.#state(),
      uptime: performance.now() - this.#startedAt,
      scaling: this.#scaling.mode,
      fleet: this.#fleet,
      dispatcher: this.#dispatcher,
      listeners: this.#listeners.all,
      backlog: this.#backlog,
      probe: this.#probe,
    });
  }

  /**
   * Writes the status to the log, whatever its level, and has each worker write its state. Returns the number of
   * workers.
   */
  dump(): number {
    this.#log.at('info').info('dump: status', { status: this.status() });
    return this.#fleet.dump();
  }

  get #config(): Config {
    return this.#generation.config;
  }

  #createDispatcher(): Dispatcher {
    return new Dispatcher({
      now: () => this.#clock.now(),
      limits: () => ({
        maxPending: this.#config['pending.max'],
        maxWait: this.#config['pending.maxWait'],
        handoverTimeout: this.#config['handover.timeout'],
        patience: this.#config['workers.pingTimeout'],
      }),
      refuse: (handle, listener, why) => refuse(handle, this.#refusal(listener, why)),
    });
  }

  #accept(handle: ConnectionHandle, listener: Listener): void {
    if (this.#descriptors.areScarce(handle)) refuseAtOnce(handle, this.#refusal(listener, 'descriptors'));
    else this.#dispatcher.accept(handle, listener);
  }

  /** Counts a refusal, logs it once a minute for each listener and reason, and returns the answer for its client. */
  #refusal({ config, refused }: Listener, why: Refusal): Buffer {
    const { name, protocol, tls } = config;
    refused.set(why, (refused.get(why) ?? 0) + 1);
    if (why !== 'stopping') {
      const { ready, wanted } = this.#fleet;
      const fields = { listener: name, limit: why, pending: this.#dispatcher.pending, ready, wanted };
      this.#refusals.warn(REFUSED[why], `${name} ${why}`, fields);
    }
    return tls ? TLS_INTERNAL_ERROR : this.#options.busy(protocol, RETRY_AFTER_MS);
  }

  #tick(config: Config): void {
    this.#probe.schedule(config['probe.interval']);
    clearInterval(this.#ticker);
    const period = periodOf(config);
    this.#clock.setPeriod(period);
    this.#ticker = setInterval(() => {
      this.#clock.tick();
      this.#fleet.check();
      if (this.#tls.rotate()) this.#fleet.greetAll();
      if (!this.#stopping) this.#scaling.sample(this.#clock.now(), this.#config['workers.pingInterval']);
    }, period);
  }

  /** Called when every worker has this configuration. */
  #adopt(next: Generation): void {
    const previous = this.#config;
    this.#generation = next;
    this.#log.setLevel(next.config['log.level']);
    this.#tick(next.config);
    this.#scaling.adopt(next.config, previous);
  }

  async #stop(): Promise<void> {
    this.#log.info('stopping');
    this.#listeners.close();
    this.#dispatcher.close();
    await this.#fleet.stop();
    clearInterval(this.#ticker);
    this.#backlog?.close();
    this.#probe.close();
    this.#control.close();
    this.#runDirectory.release();
    this.#log.info('stopped');
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
    this.#options.onReady(this.#listeners.all);
  }

  #command(request: ControlRequest): ControlResponse | Promise<ControlResponse> {
    const { command } = request;
    if (this.#stopping && command !== 'status' && command !== 'stop') {
      return { ok: false, code: 'STOPPING', message: 'the server is stopping' };
    }
    const { argument } = request;
    if (command !== 'status')
      this.#log.info('command', { command, ...(argument !== undefined && { argument }) });
    return carryOut(request, {
      wanted: this.#fleet.wanted,
      status: () => this.status(),
      scaleTo: (workers) => this.#scaling.to(workers),
      scaleByLoad: () => this.#scaling.byLoad(this.#config),
      reload: () => this.reload(),
      restart: (worker) => this.#fleet.restart(worker),
      order: (name, body) => this.#fleet.order(name, body),
      dump: () => this.dump(),
      stop: () => this.#options.onStop(),
      stopNow: () => {
        this.#options.onStop();
        this.kill();
      },
    });
  }
}

/** How often deadlines are looked at, in milliseconds. */
function periodOf(config: Config): number {
  return Math.min(config['workers.pingInterval'], config['workers.pingTimeout'] / 4, MAX_TICK_MS);
}
