import type { Socket } from 'node:net';
import { messageOf } from '../errors.js';
import { decode } from '../wire/codec.js';
import { encodeMessage, MESSAGE, PROTOCOL_VERSION, type Refusal } from '../wire/message.js';
import { MessageReader, type Message } from '../wire/message-reader.js';
import { toGreeting, toRefusal } from './message-shape.js';

/** Whoever waits for an answer. Exactly one of the two is called, once. */
export interface Asker {
  answered(message: Message): void;
  /** @param graceful the server said beforehand that it would answer nothing more: the request was not carried out. */
  unanswered(graceful: boolean): void;
}

export interface ConnectionListener {
  /** The server has greeted. Called once, before `onRoom`. */
  onGreeted(connection: MsgpackConnection): void;
  /** A request was answered: there is room for another. */
  onRoom(): void;
  /** No further request goes here. The reason, and the server's own words where it said any. */
  onGone(connection: MsgpackConnection, why: string, goAway: Refusal | undefined): void;
  onClosed(connection: MsgpackConnection): void;
}

/** The most that a server may answer with at once. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** Milliseconds that a connection has to show that it is alive. */
const PATIENCE = 30_000;

/**
 * One connection speaking the msgpack protocol: requests go out as they come, answers come back by id. After a GOAWAY
 * it takes no further request and closes behind the answers that it is owed.
 */
export class MsgpackConnection {
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #reader = new MessageReader(() => MAX_ANSWER);
  /** By id; undefined for a request that was cancelled, whose id is in use until it is answered. */
  readonly #askers = new Map<number, Asker | undefined>();
  /** Requests whose answer somebody waits for. */
  #awaited = 0;
  #lastId = 0;
  /** Requests that may be under way; none before the greeting. */
  #room = 0;
  /** Runs while it is in doubt whether anybody is there. */
  #doubt: NodeJS.Timeout | undefined;
  #goAway: Refusal | undefined;
  #gone = false;
  #lost = false;
  #outgoing: Buffer[] = [];

  /** @param socket connected. */
  constructor(socket: Socket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    // Calls keep the process alive, connections do not.
    socket.unref();
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#lose(error.message));
    socket.on('close', () => {
      this.#lose('it was closed');
      listener.onClosed(this);
    });
    socket.on('end', () => this.#leave('the server ended it'));
  }

  /** Requests that are owed an answer. */
  get inFlight(): number {
    return this.#askers.size;
  }

  get usable(): boolean {
    return !this.#gone && !this.#doubt && this.#askers.size < this.#room;
  }

  /** Only on a usable connection. @param time the request's deadline in milliseconds. */
  send(type: number, time: number, body: Uint8Array | undefined, asker: Asker): number {
    const id = this.#nextId();
    this.#askers.set(id, asker);
    this.#awaited++;
    this.#write(encodeMessage(type, id, time, body));
    return id;
  }

  /** Nobody waits for this answer any more. */
  cancel(id: number): void {
    if (this.#lost || this.#askers.get(id) === undefined) return;
    this.#askers.set(id, undefined);
    this.#awaited--;
    this.#write(encodeMessage(MESSAGE.cancel, id, 0));
    this.#closeWhenDone();
  }

  /**
   * Something happened that may have befallen this connection too: it takes no further request until the server has
   * answered a PING, and is given up when that takes too long.
   */
  confirm(): void {
    if (this.#gone || this.#doubt) return;
    this.#doubt = setTimeout(
      () => this.destroy(`no answer to a PING within ${PATIENCE} ms`),
      PATIENCE,
    ).unref();
    this.send(MESSAGE.ping, 0, undefined, {
      answered: () => {
        clearTimeout(this.#doubt);
        this.#doubt = undefined;
      },
      unanswered: () => undefined,
    });
  }

  /** Takes no further request, and closes once it is owed nothing. */
  close(): void {
    this.#leave('the client closed it');
  }

  destroy(why: string): void {
    this.#lose(why);
    this.#socket.destroy();
  }

  get gone(): boolean {
    return this.#gone;
  }

  #receive(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
      for (let read = this.#reader.next(); read; read = this.#reader.next()) {
        if (read.kind !== 'message')
          throw new Error(read.kind === 'broken' ? read.why : 'an answer is too large');
        this.#take(read);
      }
    } catch (error) {
      this.destroy(messageOf(error));
      return;
    }
    if (this.usable) this.#listener.onRoom();
  }

  #take(message: Message): void {
    if (message.type === MESSAGE.greeting) this.#greeted(message.body);
    else if (message.type === MESSAGE.goAway) {
      this.#goAway = toRefusal(decode(message.body)) ?? { code: 'GOAWAY', message: 'it gave no reason' };
      this.#leave(`the server sent ${this.#goAway.code}: ${this.#goAway.message}`);
    } else if (message.type === MESSAGE.answer || message.type === MESSAGE.pong) this.#answered(message);
  }

  #greeted(body: Buffer): void {
    const greeting = toGreeting(decode(body));
    if (greeting?.version !== PROTOCOL_VERSION) {
      const version = greeting ? `version ${greeting.version}` : 'something else';
      throw new Error(
        `the server speaks ${version} in place of version ${PROTOCOL_VERSION} of the msgpack protocol`,
      );
    }
    this.#room = greeting.maxInFlight;
    this.#listener.onGreeted(this);
  }

  #answered(message: Message): void {
    if (!this.#askers.has(message.id))
      throw new Error(`an answer to request ${message.id}, which there is not`);
    const asker = this.#askers.get(message.id);
    this.#askers.delete(message.id);
    if (!asker) return;
    this.#awaited--;
    asker.answered(message);
    this.#closeWhenDone();
  }

  #leave(why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#listener.onGone(this, why, this.#goAway);
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#gone && this.#awaited === 0) this.#socket.destroy();
  }

  #lose(why: string): void {
    if (this.#lost) return;
    this.#lost = true;
    clearTimeout(this.#doubt);
    this.#leave(why);
    const askers = [...this.#askers.values()];
    this.#askers.clear();
    this.#awaited = 0;
    for (const asker of askers) asker?.unanswered(this.#goAway !== undefined);
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#lastId === 0 || this.#askers.has(this.#lastId));
    return this.#lastId;
  }

  /** What one turn of the loop brings leaves as one write. */
  #write(bytes: Buffer): void {
    if (this.#outgoing.push(bytes) > 1) return;
    process.nextTick(() => {
      const outgoing = this.#outgoing;
      this.#outgoing = [];
      const [first] = outgoing;
      if (first && this.#socket.writable) {
        this.#socket.write(outgoing.length === 1 ? first : Buffer.concat(outgoing));
      }
    });
  }
}
