import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { decode, encode } from '../wire/codec.js';
import type { ControlRequest, ControlResponse } from '../wire/control.js';
import { frame, FrameReader } from '../wire/frame.js';
import { listenUnix } from './listen/unix-socket.js';

const MAX_REQUEST = 64 * 1024;
const MAX_CONNECTIONS = 64;
/** A silent operator's connection is closed after this many milliseconds. */
const IDLE = 60_000;

export type OnCommand = (request: ControlRequest) => ControlResponse | Promise<ControlResponse>;

/** The control socket: a UNIX socket of mode 0600 in `run.directory`. Bad input closes its own connection only. */
export class ControlServer {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #onCommand: OnCommand;

  constructor(onCommand: OnCommand) {
    this.#onCommand = onCommand;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(path: string, log: Logger): Promise<void> {
    await listenUnix(this.#server, path, 0o600, 16);
    this.#server.on('error', (error) => {
      log.error('the control socket failed to accept', { error: messageOf(error) });
    });
  }

  /** Answers that were already written still reach their clients. */
  close(): void {
    this.#server.close();
    for (const socket of this.#connections) socket.end();
  }

  #serve(socket: Socket): void {
    const frames = new FrameReader(MAX_REQUEST);
    socket.on('error', () => socket.destroy());
    if (this.#connections.size >= MAX_CONNECTIONS) {
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    const answers = new AnswerQueue(socket);
    socket.setTimeout(IDLE, () => {
      if (answers.idle) socket.destroy();
    });
    socket.on('drain', () => socket.resume());
    socket.on('data', (chunk) => {
      try {
        for (const body of frames.push(chunk)) answers.add(this.#answer(body));
      } catch (error) {
        // The start of the next frame is unknown: this is the last answer on the connection.
        socket.pause();
        answers.end({ ok: false, code: 'BAD_REQUEST', message: messageOf(error) });
      }
    });
  }

  #answer(body: Buffer): ControlResponse | Promise<ControlResponse> {
    const request = parseRequest(decode(body));
    return request ? this.#onCommand(request) : NO_COMMAND;
  }
}

/** Writes answers in the order of their commands, some of which take long. */
class AnswerQueue {
  readonly #socket: Socket;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get idle(): boolean {
    return this.#waiting === 0;
  }

  add(answer: ControlResponse | Promise<ControlResponse>): void {
    this.#waiting += 1;
    this.#last = this.#write(this.#last, answer);
  }

  /** Writes this after the other answers, then ends the connection. */
  end(answer: ControlResponse): void {
    this.add(answer);
    void this.#last.then(() => this.#socket.destroySoon());
  }

  async #write(before: Promise<void>, answer: ControlResponse | Promise<ControlResponse>): Promise<void> {
    await before;
    const response = await answer;
    this.#waiting -= 1;
    // A client that does not read its answers is not read from.
    if (this.#socket.writable && !this.#socket.write(packed(response))) this.#socket.pause();
  }
}

const COMMANDS = [
  'status',
  'scale',
  'stop',
  'restart',
  'reload',
  'dump',
  'order',
] as const satisfies readonly ControlRequest['command'][];

const NO_COMMAND: ControlResponse = {
  ok: false,
  code: 'BAD_REQUEST',
  message: `a request is a map { command, argument?, body? }, the command one of ${COMMANDS.join(', ')}`,
};

function parseRequest(value: unknown): ControlRequest | undefined {
  if (typeof value !== 'object' || value === null || !('command' in value)) return undefined;
  const command = COMMANDS.find((known) => known === value.command);
  if (command === undefined) return undefined;
  const { argument, body }: Readonly<Record<string, unknown>> = { ...value };
  const given = argument === undefined || argument === null ? undefined : argument;
  if (given !== undefined && typeof given !== 'number' && typeof given !== 'string') return undefined;
  if (body !== undefined && !(body instanceof Uint8Array)) return undefined;
  return { command, ...(given !== undefined && { argument: given }), ...(body !== undefined && { body }) };
}

function packed(response: ControlResponse): Buffer {
  return frame(encode(response));
}
