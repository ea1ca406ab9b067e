import type net from 'node:net';
import type { Demo } from './demo.js';
import type { TestServer } from './test-server.js';

/** Sends a request, waits for its answer, sends the next, until told to finish or its connection breaks. */
export class BusyClient {
  answered = 0;
  /** The connection ended unexpectedly. */
  broken = false;
  /** Answers that are not the expected one. */
  readonly wrong: string[] = [];
  readonly #socket: net.Socket;
  readonly #closed: Promise<void>;
  readonly #request: string;
  #finishing = false;
  #buffer = '';

  constructor(server: TestServer, pki: Demo) {
    this.#request = pki.verify('good', 'id=busy');
    this.#socket = server.connect();
    this.#socket.on('error', () => {
      this.broken = true;
    });
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.broken ||= !this.#finishing;
        resolve();
      });
    });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk.toString()));
    this.#socket.write(this.#request);
  }

  async finish(): Promise<void> {
    this.#finishing = true;
    await this.#closed;
  }

  #receive(text: string): void {
    this.#buffer += text;
    const lines = this.#buffer.split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) {
      this.answered++;
      if (!line.startsWith('busy valid OK ')) this.wrong.push(line);
      if (this.#finishing) this.#socket.end();
      else this.#socket.write(this.#request);
    }
  }
}
