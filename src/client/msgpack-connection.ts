import type { Socket } from 'node:net';
import { messageOf } from '../errors.js';
import { decode } from '../wire/codec.js';
import { encodeMessage, MESSAGE, PROTOCOL_VERSION, type Refusal } from '../wire/message.js';
import { MessageReader, type Message } from '../wire/message-reader.js';
import { toGreeting, toRefusal } from './message-shape.js';
import { Keepalive } from './keepalive.js';

/** The receiver of an answer. Exactly one of the two is called, once. */
export interface Asker {
  answered(message: Message): void;
  /**
   * @param graceful the server did not read the request, or said before that it would answer nothing more: it was not
   * carried out.
   * @param suspect it had waited for long while the server answered later requests.
   */
  unanswered(graceful: boolean, suspect: boolean): void;
}

export interface ConnectionListener {
  /** The server has greeted. Called once, before `onRoom`. */
  onGreeted(connection: MsgpackConnection): void;
  /** A request was answered, so there is room for another. */
  onRoom(): void;
  /** The connection takes no further request. Gets the reason, and the server's message if there is one. */
  onGone(connection: MsgpackConnection, why: string, goAway: Refusal | undefined): void;
  onClosed(connection: MsgpackConnection): void;
}

/** The most octets of one answer. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** Milliseconds without its answer after which a request is slow. */
const SLOW = 500;

/** The error code if the other side had not read all. */
const UNREAD: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

interface Asked {
  /** Undefined for a cancelled request, whose id is in use until it is answered. */
  readonly asker: Asker | undefined;
  readonly at: number;
  /** Whether a later request was answered while this one was slow. */
  overtaken: boolean;
}

/**
 * One connection speaking the msgpack protocol: requests are sent as they come, and answers come by id. After a GOAWAY
 * it takes no further request and closes after the pending answers.
 */
export class MsgpackConnection {
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #reader = new MessageReader(() => MAX_ANSWER);
  readonly #keepalive: Keepalive;
  /** By id, in the order of sending. */
  readonly #asked = new Map<number, Asked>();
  /** Requests whose answer is awaited. */
  #awaited = 0;
  #lastId = 0;
  /** The last message, if it was a request. */
  #lastSent: number | undefined;
  /** The most requests that the server takes at once; 0 before the greeting. */
  #maxInFlight = 0;
  #goAway: Refusal | undefined;
  #gone = false;
  #lost = false;
  /** When the last bytes came. */
  #heardAt = performance.now();
  #outgoing: Buffer[] = [];

  /** @param socket connected */
  constructor(socket: Socket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.#keepalive = new Keepalive({
      isOwed: () => this.#asked.size > 0,
      ask: () => this.#ping(),
      giveUp: (why) => this.destroy(why),
    });
    // Calls keep the process alive, connections do not.
    socket.unref();
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#lose(error.message, UNREAD.has(error.code) ? this.#lastSent : undefined),
    );
    socket.on('close', () => {
      this.#lose('it was closed');
      listener.onClosed(this);
    });
    socket.on('end', () => this.#leave('the server ended it'));
  }

  /** Unanswered requests. */
  get inFlight(): number {
    return this.#asked.size;
  }

  /** The last place is kept for a PING, since a server reads nothing beyond its limit. */
  get usable(): boolean {
    const room = Math.max(1, this.#maxInFlight - 1);
    return !this.#gone && !this.#keepalive.doubtful && this.#maxInFlight > 0 && this.#asked.size < room;
  }

  /** Whether a request has waited for long, so that later ones may have to wait too. */
  get slow(): boolean {
    for (const { at } of this.#asked.values()) return performance.now() - at > SLOW;
    return false;
  }

  /** Milliseconds since the last bytes from the server, its greeting included. */
  silentFor(): number {
    return performance.now() - this.#heardAt;
  }

  /** Sends a request; the connection must be usable. @param time the request's deadline in milliseconds. */
  send(type: number, time: number, body: Uint8Array | undefined, asker: Asker): number {
    const id = this.#nextId();
    this.#asked.set(id, { asker, at: performance.now(), overtaken: false });
    this.#lastSent = id;
    this.#awaited++;
    this.#keepalive.watch();
    this.#write(encodeMessage(type, id, time, body));
    return id;
  }

  /** This answer is not awaited any more. */
  cancel(id: number): void {
    const asked = this.#asked.get(id);
    if (this.#lost || asked?.asker === undefined) return;
    this.#asked.set(id, { ...asked, asker: undefined });
    this.#awaited--;
    this.#lastSent = undefined;
    this.#write(encodeMessage(MESSAGE.cancel, id, 0));
    this.#closeWhenDone();
  }

  /**
   * Another connection to the same server died. This one takes no further request until the server has answered a PING,
   * and is given up if that takes too long.
   */
  confirm(): void {
    this.#keepalive.doubt();
  }

  /** Takes no further request, and closes after the pending answers. Until then it keeps the process alive. */
  close(): void {
    this.#socket.ref();
    this.#leave('the client closed it');
  }

  destroy(why: string): void {
    this.#lose(why);
    this.#socket.destroy();
  }

  get gone(): boolean {
    return this.#gone;
  }

  #ping(): boolean {
    if (this.#gone || this.#asked.size >= this.#maxInFlight) return false;
    this.send(MESSAGE.ping, 0, undefined, {
      answered: () => this.#keepalive.trust(),
      unanswered: () => undefined,
    });
    return true;
  }

  #receive(chunk: Buffer): void {
    this.#keepalive.heard();
    this.#heardAt = performance.now();
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
    if (this.#maxInFlight > 0) throw new Error('the server greeted twice');
    const greeting = toGreeting(decode(body));
    if (greeting?.version !== PROTOCOL_VERSION) {
      const version = greeting ? `version ${greeting.version}` : 'something else';
      throw new Error(
        `the server speaks ${version} in place of version ${PROTOCOL_VERSION} of the msgpack protocol`,
      );
    }
    this.#maxInFlight = greeting.maxInFlight;
    this.#listener.onGreeted(this);
  }

  #answered(message: Message): void {
    const asked = this.#asked.get(message.id);
    if (!asked) throw new Error(`an answer to request ${message.id}, which there is not`);
    this.#asked.delete(message.id);
    this.#markOvertaken(asked.at);
    const { asker } = asked;
    if (!asker) return;
    this.#awaited--;
    asker.answered(message);
    this.#closeWhenDone();
  }

  /** @param at when the answered request was sent */
  #markOvertaken(at: number): void {
    const slow = Math.min(at, performance.now() - SLOW);
    for (const asked of this.#asked.values()) {
      if (asked.at >= slow) return;
      asked.overtaken = true;
    }
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

  /** @param unread the last request, if the server has not read it completely */
  #lose(why: string, unread?: number): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#keepalive.stop();
    this.#leave(why);
    const unanswered = [...this.#asked];
    this.#asked.clear();
    this.#awaited = 0;
    const graceful = this.#goAway !== undefined;
    for (const [id, { asker, overtaken }] of unanswered)
      asker?.unanswered(graceful || id === unread, overtaken);
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#lastId === 0 || this.#asked.has(this.#lastId));
    return this.#lastId;
  }

  /** Messages of one turn of the loop are one write. */
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
