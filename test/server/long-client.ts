import type net from 'node:net';
import type { TestServer } from './test-server.js';

/**
 * A client with one connection for as long as it is let, one request at a time. When the server ends the connection
 * it connects anew, and sends a request that crossed with the end once more; without an answer then, it is lost.
 */
export class LongClient {
  answered = 0;
  lost = 0;
  connections = 0;
  readonly wrong: string[] = [];
  readonly #server: TestServer;
  readonly #request: string;
  readonly #isRight: (answer: string) => boolean;
  #socket: net.Socket | undefined;
  /** Connections that ended over the present request. */
  #unanswered = 0;
  #asked = false;
  #stopped = false;

  constructor(server: TestServer, request: string, isRight: (answer: string) => boolean) {
    this.#server = server;
    this.#request = request;
    this.#isRight = isRight;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = this.#server.connect();
    let received = '';
    this.connections++;
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      const lines = (received + text).split('\n');
      received = lines.pop() ?? '';
      for (const line of lines) {
        this.answered++;
        if (!this.#isRight(line)) this.wrong.push(line);
      }
      if (lines.length === 0) return;
      this.#unanswered = 0;
      this.#asked = false;
      // The end of the connection, if it comes, mostly comes with the answer.
      setImmediate(() => {
        if (!socket.readableEnded && !socket.destroyed) this.#ask(socket);
      });
    });
    socket.on('close', () => {
      if (this.#stopped) return;
      if (this.#asked && this.#unanswered++ > 0) this.lost++;
      this.#connect();
    });
    this.#ask(socket);
  }

  #ask(socket: net.Socket): void {
    this.#asked = true;
    socket.write(this.#request);
  }
}
