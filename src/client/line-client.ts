import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Address } from '../config/address.js';
import { GrowingBuffer } from '../wire/growing-buffer.js';
import type { VerifyRequest } from '../wire/request.js';
import type { Verdict } from '../wire/verdict.js';
import { requestText } from './line-request.js';
import { isVerdict } from './message-shape.js';
import { ConnectionLostError, openSocket, pending } from './socket.js';

/** A verdict, or why the server gave none: BUSY, NOT_PERMITTED, BAD_ARGUMENT, … */
export type LineAnswer =
  { readonly verdict: Verdict } | { readonly error: { readonly code: string; readonly message: string } };

export interface LineClientOptions {
  /** Milliseconds to connect in. Default 5000. */
  readonly connectTimeout?: number;
  /** Milliseconds from a request to its answer; past it the connection is given up. Default 60,000. */
  readonly answerTimeout?: number;
  /** For a TLS address, as in `tls.connect`: `ca`, `cert`, `key`, … */
  readonly tls?: ConnectionOptions;
}

/** The most octets of an answer, far more than any verdict has. */
const MAX_ANSWER = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

interface Waiting {
  readonly id: string;
  readonly resolve: (answer: LineAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One connection speaking the line protocol. Requests may be made without waiting for answers; the server answers in
 * their order. Nothing is sent twice: when the connection dies, every unanswered request fails with
 * ConnectionLostError, and the caller decides.
 */
export class LineClient {
  readonly #socket: Socket;
  readonly #answerTimeout: number;
  readonly #waiting: Waiting[] = [];
  /** An incomplete answer. */
  readonly #begun = new GrowingBuffer(MAX_ANSWER);
  #sent = 0;
  #lost: ConnectionLostError | undefined;

  static async connect(address: Address, options: LineClientOptions = {}): Promise<LineClient> {
    const { connectTimeout = 5000, answerTimeout = 60_000, tls } = options;
    return new LineClient(await openSocket(address, connectTimeout, tls), answerTimeout);
  }

  private constructor(socket: Socket, answerTimeout: number) {
    this.#socket = socket;
    this.#answerTimeout = answerTimeout;
    socket.on('error', (error) => this.#lose(`the connection broke: ${error.message}`, error));
    socket.on('close', () => this.#lose('the server closed the connection before it answered'));
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  /** Rejects with UnsendableError, before anything is sent, or with ConnectionLostError. */
  async verify(request: VerifyRequest): Promise<LineAnswer> {
    const id = String(this.#sent + 1);
    const text = requestText(id, request);
    if (this.#lost) throw this.#lost;
    this.#sent++;
    const { promise, resolve, reject } = pending<LineAnswer>();
    const timer = setTimeout(() => {
      this.#giveUp(`no answer within ${this.#answerTimeout} ms`);
    }, this.#answerTimeout);
    this.#waiting.push({ id, resolve, reject, timer });
    this.#socket.write(text);
    return promise;
  }

  /** Takes no further request; the connection closes after the pending answers. */
  close(): void {
    this.#socket.end();
  }

  #receive(chunk: Buffer): void {
    const other = this.#begun.length === 0 ? otherProtocol(chunk) : undefined;
    if (other !== undefined) {
      this.#giveUp(`this listener speaks ${other}; name the address of a listener with protocol: line`);
      return;
    }
    let at = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, at)) {
      this.#begun.add(chunk.subarray(at, end));
      this.#answer(this.#begun.take().toString().replace(/\r$/, ''));
      at = end + 1;
    }
    if (this.#begun.length + chunk.length - at <= MAX_ANSWER) this.#begun.add(chunk.subarray(at));
    else this.#giveUp(`an answer of the server has more than ${MAX_ANSWER} octets`);
  }

  /** An answer without a request's id (BUSY, DEADLINE) counts for the oldest request; the server closes after it. */
  #answer(line: string): void {
    const waiting = this.#waiting[0];
    const answer = parseAnswer(line);
    if (!waiting || !answer || (answer.id !== waiting.id && answer.id !== '-')) {
      this.#giveUp(`the server sent what is not an answer to any request: ${line.slice(0, 120)}`);
      return;
    }
    this.#waiting.shift();
    clearTimeout(waiting.timer);
    waiting.resolve(answer.answer);
  }

  #giveUp(message: string): void {
    this.#lose(message);
    this.#socket.destroy();
  }

  #lose(message: string, cause?: unknown): void {
    this.#lost ??= new ConnectionLostError(message, { cause });
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(this.#lost);
    }
  }
}

const ANSWER = /^(?<id>\S+) (?<status>valid|invalid|indeterminate|error) (?<code>[A-Z_]+) (?<json>\{.*\})$/;

/** `id status CODE {json}`; undefined for anything else, also if line and JSON disagree. */
function parseAnswer(line: string): { id: string; answer: LineAnswer } | undefined {
  const { id, status, code, json } = ANSWER.exec(line)?.groups ?? {};
  if (id === undefined || code === undefined || json === undefined) return undefined;
  const body = parseObject(json);
  if (!body) return undefined;
  if (status === 'error') return { id, answer: { error: { code, message: String(body['message']) } } };
  return isVerdict(body) && body.status === status && body.code === code
    ? { id, answer: { verdict: body } }
    : undefined;
}

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    // The text begins with a brace, so the parsed value is an object.
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** A msgpack message begins with a zero octet, a TLS alert with 21, and a line with neither. */
function otherProtocol(chunk: Buffer): string | undefined {
  if (chunk[0] === 0x00) return 'the msgpack protocol';
  return chunk[0] === 0x15 ? 'TLS (tls://host:port)' : undefined;
}
