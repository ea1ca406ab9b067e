import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeMessage, MESSAGE } from '../../src/wire/message.js';
import { MessageReader } from '../../src/wire/message-reader.js';

export type Outcome = 'valid' | 'busy' | 'other';

/** The string `valid` in msgpack, which `invalid` does not hold. */
const VALID = Buffer.from('\xA5valid', 'latin1');
const BUSY = Buffer.from('\xA4BUSY', 'latin1');

/** One connection of the generator, as cheap as can be: nothing of an answer is decoded. */
export class Caller {
  inFlight = 0;
  readonly #socket: Socket;
  readonly #reader = new MessageReader(() => Infinity);
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #lastId = 0;

  static async connect(path: string): Promise<Caller> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new Caller(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const settle of this.#waiting.values()) settle('other');
    });
    socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      for (let read = this.#reader.next(); read; read = this.#reader.next()) {
        if (read.kind !== 'message') continue;
        if (read.type === MESSAGE.answer) this.#answered(read.id, outcomeOf(read.body));
        // An echo's answer is the request itself.
        else if (read.type === MESSAGE.verify) this.#answered(read.id, 'valid');
      }
    });
  }

  send(body: Uint8Array, settle: (outcome: Outcome) => void): void {
    const id = ++this.#lastId;
    this.#waiting.set(id, settle);
    this.inFlight++;
    this.#socket.write(encodeMessage(MESSAGE.verify, id, 0, body));
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  close(): void {
    this.#socket.destroy();
  }

  #answered(id: number, outcome: Outcome): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.inFlight--;
    settle?.(outcome);
  }
}

function outcomeOf(body: Buffer): Outcome {
  return body.includes(VALID) ? 'valid' : body.includes(BUSY) ? 'busy' : 'other';
}
