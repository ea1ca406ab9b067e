import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callServer } from '../../src/client/control-client.js';
import type { ControlRequest, ServerStatus } from '../../src/wire/control.js';
import { PATIENT_FETCHES } from '../patient-fetches.js';
import { freePort } from '../free-port.js';

const PKIXD = join(process.cwd(), 'dist/cli/main.js');
const PATIENCE = 60_000;

/** With these nothing fails because something here is slow; a test that is about a time sets it. */
const PATIENT = {
  'workers.pingTimeout': '60s',
  'threads.taskTimeout': '60s',
  'pending.maxWait': '60s',
  'connection.helloTimeout': '60s',
  'connection.tlsTimeout': '60s',
  'connection.firstByteTimeout': '60s',
  'connection.requestTimeout': '60s',
  'drain.timeout': '60s',
  'probe.interval': 0,
  'crl.maxWait': '60s',
  ...PATIENT_FETCHES,
  'crl.ingestTimeout': '3m',
};

/** A whole pkixd from dist in a folder of its own, with a TCP and a UNIX listener, and two more that speak msgpack. */
export class TestServer {
  readonly directory: string;
  readonly unix: string;
  /** The address of a listener that speaks msgpack and permits all. */
  readonly msgpack: string;
  /** The same on TCP, permitting nothing. */
  readonly bareMsgpack: string;
  readonly port: number;
  readonly process: ChildProcess;
  readonly exited: Promise<number | string>;
  #output = '';

  private constructor(
    directory: string,
    port: number,
    msgpackPort: number,
    program: string,
    within: readonly string[],
  ) {
    this.directory = directory;
    this.port = port;
    this.msgpack = `unix:${join(directory, 'msgpack.sock')}`;
    this.bareMsgpack = `tcp://127.0.0.1:${msgpackPort}`;
    this.unix = join(directory, 'pkixd.sock');
    const start = [process.execPath, program, 'start', '--config', join(directory, 'pkixd.config.json')];
    const [command = '', ...args] = [...within, ...start];
    this.process = spawn(command, args, {
      cwd: directory,
      env: withoutOptions(process.env),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.process.stdout?.on('data', (text) => (this.#output += String(text)));
    this.process.stderr?.on('data', (text) => (this.#output += String(text)));
    this.exited = once(this.process, 'exit').then(([code, signal]) => String(code ?? signal));
  }

  /**
   * Resolves once the server says that it is ready, as pm2 would wait for it. `settings` is merged into the
   * configuration file, in which workers neither warm up nor have spare threads, and `moreListeners` added to those it
   * has; `directory` starts it again where an earlier one ran, on the same ports; `within` is a command that runs it.
   */
  static async start(
    settings: Readonly<Record<string, unknown>> = {},
    directory?: string,
    program = PKIXD,
    within: readonly string[] = [],
  ): Promise<TestServer> {
    const where = directory ?? mkdtempSync(join(tmpdir(), 'pkixd-test-'));
    const [port, msgpackPort] = earlierPorts(where) ?? [await freePort(), await freePort()];
    const permits = ['profiles', 'crls', 'at', 'anchors', 'revocation', 'status'];
    const { moreListeners = [], ...options } = settings;
    const listeners = [
      { name: 'tcp', address: `tcp://127.0.0.1:${port}`, permits },
      { name: 'unix', address: `unix:${join(where, 'pkixd.sock')}`, permits },
      { name: 'msgpack', address: `unix:${join(where, 'msgpack.sock')}`, protocol: 'msgpack', permits },
      { name: 'bare', address: `tcp://127.0.0.1:${msgpackPort}`, protocol: 'msgpack', permits: [] },
      ...(moreListeners as readonly unknown[]),
    ];
    const all = { listeners, 'workers.warmUp': 0, 'threads.spare': false, ...options };
    writeFileSync(join(where, 'pkixd.config.json'), JSON.stringify(all));
    const server = new TestServer(where, port, msgpackPort, program, within);
    const ready = once(server.process, 'message');
    const outcome = await Promise.race([ready, server.exited]);
    if (!Array.isArray(outcome)) throw new Error(`the server ended (${outcome}): ${server.output}`);
    return server;
  }

  /** The same, with more time for everything than the product gives it. */
  static async startPatient(
    settings: Readonly<Record<string, unknown>> = {},
    directory?: string,
    program = PKIXD,
  ): Promise<TestServer> {
    return TestServer.start({ ...PATIENT, ...settings }, directory, program);
  }

  /** What it printed so far. */
  get output(): string {
    return this.#output;
  }

  get log(): string {
    return readFileSync(join(this.directory, 'logs/pkixd.log'), 'utf8');
  }

  async status(): Promise<ServerStatus> {
    return (await this.command({ command: 'status' })) as ServerStatus;
  }

  command(request: ControlRequest, patience = PATIENCE): Promise<unknown> {
    return callServer(join(this.directory, 'run/control.sock'), request, patience);
  }

  /** Every process of the server that lives, the primary first. */
  async processes(): Promise<number[]> {
    const { pid, workers } = await this.status();
    return [pid, ...workers.map((worker) => worker.pid)];
  }

  connect(kind: 'tcp' | 'unix' = 'tcp'): net.Socket {
    const socket = kind === 'tcp' ? net.connect(this.port, '127.0.0.1') : net.connect(this.unix);
    socket.setNoDelay(true);
    return socket;
  }

  /** Sends the text, closes the sending side, and returns everything that comes back until the server closes. */
  async talk(text: string | Buffer, kind: 'tcp' | 'unix' = 'tcp'): Promise<string> {
    const socket = this.connect(kind);
    socket.end(text);
    return await readAll(socket);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.exited;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function readAll(socket: net.Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Whether a process of this id lives (a zombie does not). */
export function alive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Those of the first two TCP listeners of an earlier server in this folder. */
function earlierPorts(directory: string): readonly [number, number] | undefined {
  const path = join(directory, 'pkixd.config.json');
  if (!existsSync(path)) return undefined;
  const { listeners } = JSON.parse(readFileSync(path, 'utf8')) as { listeners: { address: string }[] };
  const ports = listeners.flatMap(({ address }) => (address.startsWith('tcp:') ? new URL(address).port : []));
  return [Number(ports[0]), Number(ports[1])];
}

/** The environment without PKIXD_ variables: a server under test is configured by its file alone. */
export function withoutOptions(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PKIXD_')));
}
