import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPTIONS } from '../../src/config/option-table.js';
import { encode } from '../../src/wire/codec.js';
import { pemOf } from '../../test/pki/pki.js';
import { TestServer } from '../../test/server/test-server.js';
import { type Chain, HOST } from '../engine-parts/chain.js';
import { cpuOf, pin, unpin } from './cpu.js';
import { until } from '../../test/until.js';

/** A chain as files: `root.pem`, `intermediate.pem`, `leaf0.pem` and on, and CRLs: in `crls/`, and in DER `0.crl.der` and on. */
export class ChainFiles {
  readonly directory = mkdtempSync(join(tmpdir(), 'pkixd-bench-'));

  constructor(chain: Chain) {
    mkdirSync(this.path('crls'));
    writeFileSync(this.path('root.pem'), chain.root.pem);
    writeFileSync(this.path('intermediate.pem'), chain.intermediate.pem);
    for (const [n, leaf] of chain.leaves.slice(0, 50).entries())
      writeFileSync(this.path(`leaf${n}.pem`), leaf.pem);
    for (const [n, crl] of chain.crls.entries()) {
      writeFileSync(this.path(`crls/${n}.crl`), pemOf('X509 CRL', crl));
      writeFileSync(this.path(`${n}.crl.der`), crl);
    }
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** The bodies of VERIFYs of the chain's leaves. */
export function bodiesOf({ leaves, intermediate }: Chain): Uint8Array[] {
  return leaves.map(({ der }) =>
    encode({ certificates: [der, intermediate.der], hosts: [HOST], purpose: 'serverAuth' }),
  );
}

/** One worker with one thread, with its primary on one core. */
export class Served {
  readonly path: string;
  readonly port: number;
  /** For a socket beside its own. */
  readonly directory: string;
  readonly #core: number;
  readonly #server: TestServer;
  #pids: readonly number[];

  static async start(files: ChainFiles, core: number, idle: number): Promise<Served> {
    const server = await TestServer.start({
      workers: { count: 1 },
      'workers.warmUp': OPTIONS['workers.warmUp'].default,
      'threads.spare': true,
      trust: { anchors: [files.path('root.pem')] },
      crl: { directory: files.path('crls') },
      // Fewer than there are leaves: with the leaves in turns every request is verified, and the look-up paid for.
      cache: { max: 64 },
      connection: { max: idle + 1000, firstByteTimeout: '1h', idleTimeout: '1h' },
    });
    const pids = await server.processes();
    pin(pids, core);
    return new Served(server, pids, core);
  }

  private constructor(server: TestServer, pids: readonly number[], core: number) {
    this.#server = server;
    this.#core = core;
    this.#pids = pids;
    this.directory = server.directory;
    this.path = server.msgpack.slice('unix:'.length);
    this.port = server.port;
  }

  /** The primary first. */
  get pids(): readonly number[] {
    return this.#pids;
  }

  /** Kills the worker, and resolves as soon as the one in its place is ready, which has all cores until then. */
  async replaceWorker(): Promise<void> {
    const [primary = 0, worker = 0] = this.#pids;
    unpin([primary]);
    process.kill(worker, 'SIGKILL');
    await until(
      async () => (await this.#server.status()).workers,
      (workers) => workers.some(({ pid, state }) => pid !== worker && state === 'ready'),
    );
    this.#pids = await this.#server.processes();
    pin(this.#pids, this.#core);
  }

  /** µs of primary and worker so far. */
  cpu(): number {
    return cpuOf(this.pids);
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
