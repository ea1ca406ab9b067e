import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from '../../src/wire/codec.js';
import { encodeMessage, MESSAGE } from '../../src/wire/message.js';
import { MessageReader, type Message } from '../../src/wire/message-reader.js';

/** One connection of a client to the fake. */
export interface FakeConnection {
  readonly socket: net.Socket;
  /** Counts from 0. */
  readonly number: number;
  answer(id: number, body: object): void;
  pong(id: number): void;
  goAway(code: string, retryAfter?: number): void;
}

export const VERDICT = {
  status: 'valid',
  code: 'OK',
  message: '',
  path: [],
  revocation: [],
  policies: [],
  checkedAt: '',
  validUntil: null,
};

const GREETING = { protocol: 'pkixd', version: 1, limits: { maxInFlight: 64 } };

/** A server of the msgpack protocol that does with each message what the test says. */
export class FakeServer {
  readonly address: string;
  readonly received: Message[] = [];
  connections = 0;
  readonly #directory = mkdtempSync(join(tmpdir(), 'pkixd-fake-'));
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(
    onMessage: (message: Message, connection: FakeConnection) => void,
    greeting: (connection: FakeConnection) => object | undefined,
    options: net.ServerOpts,
  ) {
    this.address = `unix:${join(this.#directory, 'fake.sock')}`;
    this.#server = net.createServer(options, (socket) => {
      this.#sockets.add(socket);
      const connection = connectionOn(socket, this.connections++);
      const reader = new MessageReader(() => 1_000_000);
      const greet = greeting(connection);
      if (greet) socket.write(encodeMessage(MESSAGE.greeting, 0, 0, encode(greet)));
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        reader.push(chunk);
        for (let read = reader.next(); read; read = reader.next()) {
          if (read.kind !== 'message') throw new Error(JSON.stringify(read));
          this.received.push(read);
          onMessage(read, connection);
        }
      });
    });
  }

  static async start(
    onMessage: (message: Message, connection: FakeConnection) => void,
    greeting: (connection: FakeConnection) => object | undefined = () => GREETING,
    options: net.ServerOpts = {},
  ): Promise<FakeServer> {
    const fake = new FakeServer(onMessage, greeting, options);
    fake.#server.listen(fake.address.slice('unix:'.length));
    await once(fake.#server, 'listening');
    return fake;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function connectionOn(socket: net.Socket, number: number): FakeConnection {
  return {
    socket,
    number,
    answer: (id, body) => socket.write(encodeMessage(MESSAGE.answer, id, 0, encode(body))),
    pong: (id) => socket.write(encodeMessage(MESSAGE.pong, id, 0)),
    goAway: (code, retryAfter = 0) =>
      socket.write(encodeMessage(MESSAGE.goAway, 0, 0, encode({ code, message: 'go', retryAfter }))),
  };
}
