import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { type ConnectionHandle, sendHandle, takeHandles } from '../../src/wire/connection-handle.js';
import { decode, encode } from '../../src/wire/codec.js';
import { FrameReader, frame } from '../../src/wire/frame.js';
import type { ToPrimary, ToWorker } from '../../src/wire/ipc.js';
import { parseToPrimary } from '../../src/supervisor/fleet/worker-messages.js';

type Said<T extends ToPrimary['type']> = Extract<ToPrimary, { type: T }>;

/** The least of a primary: forks one worker from dist, hands it connections, and keeps what it says. */
export class MinimalPrimary {
  /** The worker's, for as long as it lives. */
  readonly directory = mkdtempSync(join(tmpdir(), 'pkixd-worker-'));
  readonly child: ChildProcess;
  readonly said: ToPrimary[] = [];
  readonly messages: Socket;
  readonly orders: Socket;
  readonly lifeline: Socket;
  readonly exited: Promise<readonly unknown[]>;
  stderr = '';
  /** Connections accepted and not yet handed over are kept here instead, when set. */
  holdBack = false;
  readonly held: ConnectionHandle[] = [];
  #nextId = 1;
  #servers: Server[] = [];
  #copies = new Map<number, ConnectionHandle>();
  #waiting = new Set<() => void>();

  /** @param setup for the entry of the threads, beside the configuration. */
  constructor(flags: Readonly<Record<string, unknown>> = {}, setup: Readonly<Record<string, unknown>> = {}) {
    const entry = new URL('entry/worker.mjs', import.meta.url);
    this.child = fork(entry, {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe', 'pipe', 'pipe'],
    });
    this.exited = once(this.child, 'exit');
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.messages = stream(this.child, 4);
    this.orders = stream(this.child, 6);
    this.lifeline = stream(this.child, 5);
    this.messages.on('error', () => {});
    this.orders.on('error', () => {});
    this.lifeline.on('error', () => {});
    const frames = new FrameReader();
    this.messages.on('data', (chunk: Buffer) => {
      for (const body of frames.push(chunk)) this.#hear(parseToPrimary(decode(body)));
    });
    const cwd = this.directory;
    // A test that is about a time sets it.
    const patient = {
      'workers.warmUp': 0,
      'threads.spare': false,
      'threads.taskTimeout': 60_000,
      'drain.timeout': 60_000,
      'crl.maxWait': 60_000,
    };
    const config = loadConfig({ flags: { 'log.level': 'verbose', ...patient, ...flags }, env: {}, cwd });
    const listener = { ...config.listeners[0], name: 'test' };
    const all = { ...config, ...setup, listeners: [listener] };
    this.tell({ type: 'configure', worker: 1, config: all });
  }

  tell(message: ToWorker): void {
    this.tellAnything(message);
  }

  tellAnything(message: unknown): void {
    this.orders.write(frame(encode(message)));
  }

  /** The messages of this type that match, once there are as many as that. */
  async hear<T extends ToPrimary['type']>(
    type: T,
    matches: (message: Said<T>) => boolean = () => true,
    count = 1,
  ): Promise<readonly Said<T>[]> {
    for (;;) {
      const found = this.said.filter((message): message is Said<T> => message.type === type).filter(matches);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** A client whose connection is handed to the worker. */
  async client(path?: string): Promise<Client> {
    const server = createServer();
    this.#servers.push(server);
    server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
    await once(server, 'listening');
    takeHandles(server, (handle) => {
      if (this.holdBack) this.held.push(handle);
      else this.hand(handle);
    });
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const socket = connect(path === undefined ? { port, host: '127.0.0.1', allowHalfOpen: true } : { path });
    await once(socket, 'connect');
    server.close();
    return new Client(socket);
  }

  /** @param skip ids to leave out before this one, as if their handles had been lost. */
  hand(handle: ConnectionHandle, skip = 0): number {
    const id = this.#nextId + skip;
    this.#nextId = id + 1;
    this.#copies.set(id, handle);
    sendHandle(this.child, { type: 'connection', id, listener: 'test' }, handle);
    return id;
  }

  /** Hands over, under a new id, what was refused under this one. */
  handAgain(id: number): void {
    const copy = this.#copies.get(id);
    if (!copy) throw new Error(`no connection was handed over as ${id}`);
    this.hand(copy);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const copy of this.#copies.values()) copy.close();
    for (const handle of this.held) handle.close();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
    rmSync(this.directory, { recursive: true, force: true });
  }

  #hear(message: ToPrimary | undefined): void {
    if (!message) throw new Error('the worker said what no primary understands');
    this.said.push(message);
    if (message.type === 'accepted') {
      for (const id of message.ids) this.#copies.get(id)?.close();
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

export class Client {
  readonly socket: Socket;
  readonly ended: Promise<string>;
  #received = '';
  #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString();
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    });
    socket.on('error', () => {});
    this.ended = new Promise((resolve) => {
      socket.once('end', () => resolve(this.#received));
      socket.once('close', () => resolve(this.#received));
    });
  }

  async lines(count: number): Promise<string[]> {
    for (;;) {
      const lines = this.#received.split('\n').slice(0, -1);
      if (lines.length >= count) return lines;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}

function stream(child: ChildProcess, fd: number): Socket {
  const found: unknown = child.stdio[fd];
  if (!(found instanceof Socket)) throw new Error(`the worker has no fd ${fd}`);
  return found;
}
