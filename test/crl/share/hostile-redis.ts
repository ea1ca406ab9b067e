import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A command as it came: its name in small letters, and its arguments. */
export interface RedisCommand {
  readonly name: string;
  readonly args: readonly Buffer[];
}

/** What is sent in answer to a command, given what an honest Redis would send, and whether the connection ends then. */
export type Answer = (
  command: RedisCommand,
  honest: Buffer,
) => { readonly pieces: readonly Buffer[]; readonly ends?: boolean };

/** What has the form of a Redis at a socket, and says what it is told to. */
export class HostileRedis {
  readonly url: string;
  /** The data of an honest Redis; writing to it writes into this Redis. */
  readonly values = new Map<string, Buffer>();
  answer: Answer = (_, honest) => ({ pieces: [honest] });
  commands = 0;
  readonly #folder: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #subscribed = new Set<Socket>();

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'pkixd-hostile-'));
    this.url = `unix:${join(this.#folder, 'redis.sock')}`;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<HostileRedis> {
    const redis = new HostileRedis();
    await new Promise<void>((resolve) => redis.#server.listen(redis.url.slice('unix:'.length), resolve));
    return redis;
  }

  /** Sends this unasked to all connected clients. */
  push(bytes: Buffer): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  /** Ends all connections, after what was written; resolves when they are closed on both sides. */
  async hangUp(): Promise<void> {
    const closed = [...this.#sockets].map(
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const socket of this.#sockets) socket.end();
    await Promise.all(closed);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#subscribed.delete(socket);
    });
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let read = readCommand(rest); read !== undefined; read = readCommand(rest)) {
        rest = rest.subarray(read.length);
        this.commands++;
        const { pieces, ends = false } = this.answer(read.command, this.#honest(read.command, socket));
        for (const piece of pieces) socket.write(piece);
        if (ends) socket.end();
      }
    });
  }

  #honest({ name, args }: RedisCommand, socket: Socket): Buffer {
    const key = args[0]?.toString('latin1') ?? '';
    const value = this.values.get(key);
    switch (name) {
      case 'info':
        return bulk('redis_mode:standalone\r\n');
      case 'time':
        return array(bulk(String(Math.floor(Date.now() / 1000))), bulk('0'));
      case 'get':
        return value === undefined ? NULL : bulk(value);
      case 'getrange':
        return bulk((value ?? Buffer.alloc(0)).subarray(Number(args[1]), Number(args[2]) + 1));
      case 'set':
        if (value !== undefined && args.some((arg) => arg.toString() === 'NX')) return NULL;
        this.values.set(key, args[1] ?? Buffer.alloc(0));
        return line('+OK');
      case 'append':
        this.values.set(key, Buffer.concat([value ?? Buffer.alloc(0), args[1] ?? Buffer.alloc(0)]));
        return line(':1');
      case 'del':
      case 'unlink':
        return line(`:${Number(this.values.delete(key))}`);
      case 'publish':
        for (const one of this.#subscribed) one.write(array(bulk('message'), bulk(key), bulk(args[1] ?? '')));
        return line(':1');
      case 'subscribe':
        this.#subscribed.add(socket);
        return array(bulk('subscribe'), bulk(key), line(':1'));
      case 'ping':
        return this.#subscribed.has(socket) ? array(bulk('pong'), bulk('')) : line('+PONG');
      default:
        return line(name === 'pexpire' ? ':1' : '+OK');
    }
  }
}

const NULL = Buffer.from('$-1\r\n');

export function line(text: string): Buffer {
  return Buffer.from(`${text}\r\n`, 'latin1');
}

export function bulk(content: Uint8Array | string): Buffer {
  const octets = Buffer.from(content);
  return Buffer.concat([line(`$${octets.length}`), octets, line('')]);
}

export function array(...elements: readonly Buffer[]): Buffer {
  return Buffer.concat([line(`*${elements.length}`), ...elements]);
}

/** The first command of some octets, and how many octets it has. */
function readCommand(
  octets: Buffer,
): { readonly command: RedisCommand; readonly length: number } | undefined {
  let at = 0;
  const number = (): number | undefined => {
    const end = octets.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const value = Number(octets.toString('latin1', at + 1, end));
    at = end + 2;
    return value;
  };
  const count = number();
  if (count === undefined) return undefined;
  const words: Buffer[] = [];
  for (let n = 0; n < count; n++) {
    const length = number();
    if (length === undefined || at + length + 2 > octets.length) return undefined;
    words.push(Buffer.from(octets.subarray(at, at + length)));
    at += length + 2;
  }
  const [name, ...args] = words;
  return { command: { name: name?.toString().toLowerCase() ?? '', args }, length: at };
}
