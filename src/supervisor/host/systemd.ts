import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../log.js';
import { messageOf } from '../../errors.js';

/** systemd expects a notification within WatchdogSec; it is sent this many in that time. */
const SIGNS = 2;
/** Milliseconds that the command may take. */
const COMMAND_TIMEOUT_MS = 2000;

/**
 * Notifies systemd of the server's state if systemd started it (`Type=notify`). Node has no datagrams on UNIX sockets,
 * so the command `systemd-notify` sends them, and the unit needs `NotifyAccess=all`.
 */
export class Systemd {
  readonly #socket: string | undefined;
  readonly #watchdog: number;
  readonly #log: Logger;
  #watched = false;
  #failed = false;
  /** Settled when all notifications so far were sent or failed. */
  #told: Promise<void> = Promise.resolve();
  #isSignDue = false;

  /** Removes systemd's variables from the environment, which the workers inherit. */
  constructor(env: NodeJS.ProcessEnv, pid: number, log: Logger) {
    this.#log = log;
    this.#socket = env['NOTIFY_SOCKET'] || undefined;
    const isForUs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid);
    this.#watchdog = isForUs ? Number(env['WATCHDOG_USEC'] ?? 0) / 1000 : 0;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC']) delete env[name];
  }

  ready(status: string): void {
    this.#notify('READY=1', `STATUS=${status}`);
    if (this.#watchdog === 0 || this.#watched) return;
    this.#watched = true;
    setInterval(() => this.#giveSign(), this.#watchdog / SIGNS).unref();
  }

  reloading(): void {
    const microseconds = process.hrtime.bigint() / 1000n;
    this.#notify('RELOADING=1', `MONOTONIC_USEC=${microseconds}`, 'STATUS=reloading');
  }

  stopping(): void {
    this.#notify('STOPPING=1', 'STATUS=answering what has been read');
  }

  /** Resolves when all notifications were sent or failed, or after a time limit. Never rejects. */
  async settled(): Promise<void> {
    await Promise.race([this.#told, delay(COMMAND_TIMEOUT_MS)]);
  }

  /** At most one notification waits while the command hangs. */
  #giveSign(): void {
    if (this.#isSignDue) return;
    this.#isSignDue = true;
    this.#notify('WATCHDOG=1');
    void this.#told.then(() => (this.#isSignDue = false));
  }

  /** One after the other: a READY must not overtake the RELOADING before it. */
  #notify(...variables: readonly string[]): void {
    if (this.#socket === undefined) return;
    const env = { ...process.env, NOTIFY_SOCKET: this.#socket };
    this.#told = this.#told.then(() => this.#run(variables, env));
  }

  async #run(variables: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
    try {
      const options = { timeout: COMMAND_TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
      const child = spawn('systemd-notify', variables, { env, stdio: 'ignore', ...options });
      // Rejects with the error of a command that could not be started.
      await once(child, 'exit');
    } catch (error) {
      if (!this.#failed) this.#log.warn('systemd cannot be told', { error: messageOf(error) });
      this.#failed = true;
    }
  }
}
