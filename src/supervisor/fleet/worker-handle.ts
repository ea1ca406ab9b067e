import { messageOf } from '../../errors.js';
import type { Logger, LogSink } from '../../log.js';
import { type ConnectionHandle, sendHandle } from '../../wire/connection-handle.js';
import type { WorkerStatus } from '../../wire/control.js';
import {
  type Handover,
  IPC_VERSION,
  type ServiceCounts,
  type ToPrimary,
  type ToWorker,
  type WorkerStatistics,
} from '../../wire/ipc.js';
import type { ForkedWorker } from './cluster.js';
import type { Generation } from '../generation.js';
import { LatencyWindow } from './latency-window.js';
import { guardIpc } from './ipc-guard.js';
import { captureLines } from './line-capture.js';
import type { RepeatedWarnings } from '../../repeated-warnings.js';
import { BootOutput } from './boot-output.js';
import type { Listener } from '../listen/listeners.js';
import type { HandoverTarget } from '../dispatch/worker-slot.js';
import { WorkerChannel } from './worker-channel.js';

export type WorkerState = WorkerStatus['state'];

/** Milliseconds that a worker may take to exit once its end has begun. */
const EXIT_GRACE = 2000;
/** Milliseconds beyond `drain.timeout` that a drained worker may take to close its services. */
const CLOSING_GRACE = 3000;

/** The events of a worker, for the fleet. */
interface HandleEvents {
  ready(handle: WorkerHandle): void;
  message(handle: WorkerHandle, message: ToPrimary): void;
  /** From now on it gets no connection: it was killed, or showed the first sign of its death. */
  unavailable(handle: WorkerHandle): void;
  /** It has exited, and all its messages were read. */
  gone(handle: WorkerHandle): void;
}

export interface HandleOptions {
  readonly worker: number;
  readonly generation: Generation;
  /** It must get ready as soon as it can and does not warm up. */
  readonly isUrgent: boolean;
  /** The attentive clock: deadlines must not count time in which the primary itself was stopped. */
  readonly now: () => number;
  readonly log: Logger;
  readonly sink: LogSink;
  /** Told of workers that die before they are ready. */
  readonly bootDeaths: RepeatedWarnings;
  readonly events: HandleEvents;
}

/** The primary's view of a worker. The worker's own view of the primary is worker/supervisor-link.ts. */
export class WorkerHandle implements HandoverTarget {
  readonly worker: number;
  readonly pid: number;
  readonly generation: Generation;
  readonly #forked: ForkedWorker;
  readonly #options: HandleOptions;
  readonly #channel: WorkerChannel;
  readonly #forkedAt: number;
  readonly #bootOutput: BootOutput;
  #state: WorkerState = 'starting';
  #heardAt: number;
  #pingedAt: number;
  #pingOpen = false;
  #sequence = 0;
  #exitDeadline = Infinity;
  #exited = false;
  /** Its exit was logged, with the reason. */
  #isEndTold = false;
  #heardOut = false;
  #killReason: string | undefined;
  #isDismissed = false;
  #end = 'it is gone';
  /** A stop, a scale-down or an operator wants it gone: its end is no failure. */
  ordered = false;
  /** It serves on until its replacement is ready. */
  leaving = false;
  readyAt: number | undefined;
  version: string | undefined;
  statistics: WorkerStatistics | undefined;
  #services: ServiceCounts = {};
  readonly latencies: LatencyWindow;

  constructor(forked: ForkedWorker, options: HandleOptions) {
    this.#forked = forked;
    this.#options = options;
    this.worker = options.worker;
    this.generation = options.generation;
    this.pid = forked.pid;
    this.#forkedAt = options.now();
    this.#heardAt = this.#forkedAt;
    this.latencies = new LatencyWindow(this.#forkedAt);
    this.#pingedAt = this.#forkedAt;
    this.#channel = new WorkerChannel(forked.fromWorker, forked.toWorker, {
      message: (message) => this.#hear(message),
      broken: (reason) => this.kill(reason),
      closed: () => {
        this.#heardOut = true;
        this.#expectExit();
        this.#settleEnd();
      },
    });
    this.#watchProcess();
    this.#bootOutput = this.#captureOutput();
    const { config } = this.generation;
    // If few workers are left, a cold one now is better than a warm one later.
    const given = options.isUrgent ? { ...config, 'workers.warmUp': 0 } : config;
    this.send({ type: 'configure', worker: this.worker, config: given });
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** A ping has been unanswered for longer than usual; the worker may hang. */
  get isDoubtful(): boolean {
    const { config } = this.generation;
    return this.#pingOpen && this.#options.now() - this.#pingedAt > config['workers.pingInterval'];
  }

  /** Why it ended. */
  get end(): string {
    return this.#end;
  }

  status(): WorkerStatus {
    const now = this.#options.now();
    const status = {
      worker: this.worker,
      pid: this.pid,
      state: this.#state,
      uptime: Math.round(now - this.#forkedAt),
      lastPong: Math.round(now - this.#heardAt),
    };
    return {
      ...status,
      ...(this.version !== undefined && { version: this.version }),
      ...(this.statistics && { statistics: this.statistics }),
      ...(Object.keys(this.#services).length > 0 && { services: this.#services }),
    };
  }

  send(message: ToWorker): void {
    this.#channel.send(message);
  }

  nameOf(listener: Listener): string | undefined {
    return this.generation.nameOf(listener.place);
  }

  hand(handover: Handover, handle: ConnectionHandle): void {
    // If sending fails, the id stays open until it is revoked or the worker is dead.
    sendHandle(this.#forked.cluster.process, handover, handle);
  }

  revoke(ids: readonly number[]): void {
    this.send({ type: 'revoke', ids });
  }

  /** It takes no connection beyond this id, answers what it has read, and exits. */
  drain(lastId: number, timeout: number): void {
    if (this.#state !== 'ready') return;
    this.#state = 'draining';
    this.ordered = true;
    this.#exitWithin(timeout + CLOSING_GRACE);
    this.send({ type: 'drain', lastId, timeout });
  }

  /** Sends SIGKILL: no other signal reaches a worker whose event loop is blocked. */
  kill(reason: string): void {
    if (this.#exited || this.#killReason !== undefined) return;
    this.#killReason = reason;
    this.#markDead();
    this.#forked.cluster.process.kill('SIGKILL');
  }

  /** It does not serve yet, and is not wanted any more. */
  dismiss(): void {
    this.ordered = true;
    this.#isDismissed = true;
    this.kill('it is not wanted any more');
  }

  /** To be called often: sends pings and enforces deadlines. */
  check(): void {
    const now = this.#options.now();
    if (now > this.#exitDeadline) return this.kill('it did not exit in time');
    if (this.#state === 'dead') return;
    const { config } = this.generation;
    if (this.#state === 'starting') {
      if (now - this.#forkedAt > config['workers.bootTimeout']) {
        this.kill(`not ready after workers.bootTimeout = ${config['workers.bootTimeout']} ms`);
      }
      return;
    }
    const silence = now - Math.max(this.#heardAt, this.#pingedAt);
    if (this.#pingOpen && silence > config['workers.pingTimeout']) {
      return this.kill(`silent for longer than workers.pingTimeout = ${config['workers.pingTimeout']} ms`);
    }
    // One question at a time: a worker that does not read must not fill its pipe.
    if (!this.#pingOpen && now - this.#pingedAt >= config['workers.pingInterval']) this.#ping(now);
  }

  #ping(now: number): void {
    this.#sequence += 1;
    this.#pingedAt = now;
    this.#pingOpen = true;
    this.send({ type: 'ping', sequence: this.#sequence });
  }

  #hear(message: ToPrimary): void {
    const now = this.#options.now();
    this.#heardAt = now;
    if (message.type === 'pong') {
      if (message.sequence === this.#sequence) this.#pingOpen = false;
      this.statistics = message.statistics;
      this.#services = message.services ?? {};
      this.latencies.report(message.latencies, now);
    } else if (message.type === 'drained') {
      this.#exitWithin(EXIT_GRACE);
    } else if (message.type === 'ready' && this.#state === 'starting') {
      this.version = message.version;
      if (message.ipc !== IPC_VERSION) return this.kill(otherMessages(message.version, message.ipc));
      this.#state = 'ready';
      this.readyAt = now;
      this.#bootOutput.release();
      this.#ping(now);
      this.#options.events.ready(this);
    }
    this.#options.events.message(this, message);
  }

  #watchProcess(): void {
    const { process } = this.#forked.cluster;
    guardIpc(process, (what) => this.kill(`it asked for what no worker asks for on Node's channel: ${what}`));
    process.once('exit', (code, signal) => {
      this.#exited = true;
      const tell = (): void => {
        this.#logEnd(code, signal);
        this.#settleEnd();
      };
      // What it printed before it was ready says why it died. A worker that served is replaced without waiting for that.
      if (this.readyAt === undefined && !this.ordered) this.#bootOutput.whenRead(tell);
      else tell();
    });
    process.once('disconnect', () => this.#expectExit());
    this.#forked.lifeline.on('error', (error) => {
      this.#options.log.debug('a lifeline failed', { worker: this.worker, error: messageOf(error) });
    });
    this.#forked.lifeline.resume();
  }

  #captureOutput(): BootOutput {
    const { sink } = this.#options;
    const source = `worker ${this.worker}`;
    const write = (level: 'info' | 'warn') => (message: string) => {
      sink({ time: Date.now(), level, message, source, pid: this.pid, fields: {} });
    };
    captureLines(this.#forked.stdout, write('info'));
    const output = new BootOutput(write('warn'));
    captureLines(
      this.#forked.stderr,
      (line) => output.add(line),
      () => output.end(),
    );
    return output;
  }

  #logEnd(code: number | null, signal: string | null): void {
    const { log, bootDeaths } = this.#options;
    const how = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
    this.#end = this.#killReason ?? how;
    this.#isEndTold = true;
    const fields = { worker: this.worker, workerPid: this.pid, code, signal, reason: this.#killReason };
    if (this.ordered) this.#bootOutput.release();
    if (this.ordered && (code === 0 || this.#isDismissed)) log.info('worker exited', fields);
    else if (this.ordered || this.readyAt !== undefined) log.warn('worker died', fields);
    else {
      const { cause, text } = this.#bootOutput;
      if (this.#killReason === undefined && cause !== undefined) this.#end += `: ${cause}`;
      const said = text === '' ? {} : { output: text };
      // The same cause is logged once a minute.
      bootDeaths.warn('worker died before it was ready', this.#end, {
        ...fields,
        reason: this.#end,
        ...said,
      });
    }
  }

  #exitWithin(duration: number): void {
    this.#exitDeadline = Math.min(this.#exitDeadline, this.#options.now() + duration);
  }

  /** One of its channels closed: its end has begun, or is forced after a while. */
  #expectExit(): void {
    this.#exitWithin(EXIT_GRACE);
    this.#markDead();
  }

  #markDead(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#options.events.unavailable(this);
  }

  /** The exit and the end of fd 4 come in either order; only after both is there nothing more to read. */
  #settleEnd(): void {
    this.#markDead();
    if (this.#isEndTold && this.#heardOut) this.#options.events.gone(this);
  }
}

function otherMessages(version: string, ipc: number): string {
  return `its release, ${version}, has version ${ipc} of the messages between primary and worker, and this primary has version ${IPC_VERSION}; a stop and a start take pkixd over to it`;
}
