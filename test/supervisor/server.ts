import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decode, encode } from '../../src/wire/codec.js';
import type { ControlRequest, ControlResponse, ServerStatus } from '../../src/wire/control.js';
import { frame, FrameReader } from '../../src/wire/frame.js';

const ENTRY = fileURLToPath(new URL('primary-entry.mjs', import.meta.url));

export type Modes = Readonly<Record<string, string>>;

interface LogLine {
  readonly timestamp: string;
  readonly level: string;
  readonly source: string;
  readonly pid: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function isResponse(value: unknown): value is ControlResponse {
  return typeof value === 'object' && value !== null && 'ok' in value;
}

function isStatus(value: unknown): value is ServerStatus {
  return typeof value === 'object' && value !== null && 'workers' in value && 'listeners' in value;
}

/** A folder with a configuration, in which primaries run one after another: real processes, from dist. */
export class TestServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'pkixd-'));
  readonly #spawned: ChildProcess[] = [];
  primary: ChildProcess | undefined;
  output = '';
  /** When the primary has exited and all of its output is here. */
  #closed: Promise<unknown> = Promise.resolve();

  constructor(modes: Modes = {}, config: Readonly<Record<string, unknown>> = {}) {
    this.setModes(modes);
    const rest = { permits: [], mode: 0o600, group: '', backlog: 128, protocol: 'line', tls: null };
    const whole = {
      'workers.count': 2,
      'workers.pingInterval': 100,
      // No test fails because something took long; one that is about a time sets it.
      'workers.pingTimeout': 60_000,
      'pending.maxWait': 60_000,
      'drain.timeout': 60_000,
      'probe.interval': 0,
      'run.directory': join(this.directory, 'run'),
      'log.directory': join(this.directory, 'logs'),
      listeners: [
        { ...rest, name: 'tcp', address: { kind: 'tcp', host: '127.0.0.1', port: 0 } },
        { ...rest, name: 'unix', address: { kind: 'unix', path: this.path('listen.sock') } },
      ],
      ...config,
    };
    writeFileSync(this.path('config.json'), JSON.stringify(whole));
  }

  /** Changes the file of which a reload reads. */
  configure(changes: Readonly<Record<string, unknown>>): void {
    const before: unknown = JSON.parse(readFileSync(this.path('config.json'), 'utf8'));
    writeFileSync(this.path('config.json'), JSON.stringify(Object.assign({}, before, changes)));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  get controlSocket(): string {
    return this.path('run/control.sock');
  }

  setModes(modes: Modes): void {
    writeFileSync(this.path('modes.json'), JSON.stringify(modes));
  }

  /** The log so far, as records. */
  get log(): LogLine[] {
    const lines = readFileSync(this.path('logs/pkixd.log'), 'utf8').split('\n');
    return lines.slice(0, -1).map((line): LogLine => JSON.parse(line));
  }

  /** Starts a primary and waits until its workers are ready; `launch` does not wait. */
  async start(): Promise<void> {
    this.launch();
    await this.until(() => this.output.includes('listening on unix'), 'ready');
  }

  launch(): ChildProcess {
    const primary = spawn(process.execPath, [ENTRY, this.path('config.json')], {
      env: { ...process.env, PKIXD_TEST_MODES: this.path('modes.json') },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.output = '';
    for (const stream of [primary.stdout, primary.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.primary = primary;
    this.#closed = once(primary, 'close');
    this.#spawned.push(primary);
    return primary;
  }

  signal(signal: NodeJS.Signals): void {
    this.primary?.kill(signal);
  }

  /** The exit code, or the signal that ended it. */
  async exit(): Promise<number | string | null> {
    await this.#closed;
    return this.primary?.exitCode ?? this.primary?.signalCode ?? null;
  }

  async command(request: ControlRequest): Promise<ControlResponse> {
    const socket = connect(this.controlSocket);
    socket.write(frame(encode(request)));
    const frames = new FrameReader();
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      const [body] = frames.push(chunk);
      const response = body && decode(body);
      if (isResponse(response)) return response;
    }
    throw new Error('the control connection closed without an answer');
  }

  async status(): Promise<ServerStatus> {
    const response = await this.command({ command: 'status' });
    if (response.ok && isStatus(response.result)) return response.result;
    throw new Error(`no status: ${JSON.stringify(response)}`);
  }

  /** The status, as soon as it satisfies this. */
  async statusWhere(predicate: (status: ServerStatus) => boolean, what: string): Promise<ServerStatus> {
    let status = await this.status();
    await this.until(async () => predicate((status = await this.status())), what);
    return status;
  }

  /** Connects by the listener of this name. */
  async connect(listener: string): Promise<Client> {
    const { listeners } = await this.status();
    return this.connectTo(listeners.find(({ name }) => name === listener)?.address ?? '');
  }

  connectTo(address: string): Client {
    if (address.startsWith('unix:')) return new Client(connect(address.slice('unix:'.length)));
    return new Client(connect(Number(new URL(address).port), '127.0.0.1'));
  }

  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    for (const deadline = Date.now() + 60_000; !(await condition());) {
      if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}\n${this.output}`);
      await delay(20);
    }
  }

  async remove(): Promise<void> {
    for (const child of this.#spawned) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const kill = setTimeout(() => child.kill('SIGKILL'), 8000);
        await once(child, 'exit');
        clearTimeout(kill);
      }
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A client of the test worker: a line a question, a line an answer. */
export class Client {
  readonly socket: Socket;
  #text = '';

  constructor(socket: Socket) {
    this.socket = socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => (this.#text += text));
    this.socket.on('error', () => undefined);
  }

  send(line: string): void {
    this.socket.write(`${line}\n`);
  }

  /** The next line, or `null` when the connection ends without one. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.socket.readableEnded || this.socket.destroyed) return null;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          for (const event of ['data', 'end', 'close'] as const) this.socket.off(event, done);
          resolve();
        };
        for (const event of ['data', 'end', 'close'] as const) this.socket.on(event, done);
      });
    }
  }

  async ask(line: string): Promise<string | null> {
    this.send(line);
    return this.line();
  }

  close(): void {
    this.socket.destroy();
  }
}
