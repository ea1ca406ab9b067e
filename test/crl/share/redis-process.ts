import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A real Redis of its own, at a UNIX socket, that keeps nothing on disk. */
export class RedisProcess {
  readonly path: string;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;
  #client: Redis | undefined;

  private constructor(options: readonly string[]) {
    this.#folder = mkdtempSync(join(tmpdir(), 'pkixd-redis-'));
    this.path = join(this.#folder, 'redis.sock');
    this.#options = options;
  }

  /** @param options as of redis-server, e.g. `--requirepass`, `secret` */
  static async start(...options: readonly string[]): Promise<RedisProcess> {
    const redis = new RedisProcess(options);
    await redis.startAgain();
    return redis;
  }

  get url(): string {
    return `unix:${this.path}`;
  }

  /** After `kill`: an empty one, at the same place. */
  async startAgain(): Promise<void> {
    const base = ['--port', '0', '--unixsocket', this.path, '--dir', this.#folder, '--save', ''];
    const started = spawn('redis-server', [...base, ...this.#options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = started;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      started.stdout.on('data', (text) => {
        said += String(text);
        if (said.includes('eady to accept connections')) resolve();
      });
      started.once('error', reject);
      started.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
    });
  }

  /** A client for the test itself, and for a third party that writes to Redis. */
  client(): Redis {
    if (this.#client === undefined) {
      this.#client = new Redis({ path: this.path, protocol: 2 });
      // While it is killed.
      this.#client.on('error', () => undefined);
    }
    return this.#client;
  }

  /** SIGSTOP: connections stay, and nothing answers. */
  hang(): void {
    this.#process?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#process?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    this.#client?.disconnect();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
