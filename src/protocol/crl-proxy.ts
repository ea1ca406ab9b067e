import { decodeTrusted, encode } from '../wire/codec.js';
import { CRL_PROXY_TASK, type CrlProxyAnswer, type CrlProxyRequest } from '../wire/crl-proxy.js';
import type {
  Answer,
  DeadlineKind,
  Pieces,
  Protocol,
  Session,
  SessionEvent,
  TaskEvent,
} from '../wire/protocol.js';
import { GrowingBuffer } from '../wire/growing-buffer.js';
import type { TaskOutcome } from '../wire/task.js';
import { AT_LIMITS, DEADLINE_TEXT, UNFINISHED_BUSY } from './connection-text.js';
import { type Asked, crlResponse, errorResponse, optionsResponse } from './crl-proxy-response.js';
import { type HttpHead, HttpError, parseHttpHead, wordsOf } from './http-request.js';

/** Opens a CRL's bytes for reading in pieces. */
export type OpenBody = (path: string, size: number) => Pieces;

/** The most octets of a request's head. */
const MAX_HEAD = 16 * 1024;
const HEAD_END = '\r\n\r\n';
const GONE = 'the CRL cannot be read at this moment; ask again';

/**
 * The CRL proxy: a forward proxy over HTTP/1.1 (RFC 9110 §3.7) that answers GET and HEAD for the URLs of known CRLs
 * from the store, and refuses everything else.
 */
export function crlProxyProtocol(openBody: OpenBody): Protocol {
  return {
    name: 'crl-proxy',
    open: () => new CrlProxySession(openBody),
    busy: (retryAfter) => errorResponse({ status: 503, message: AT_LIMITS, retryAfter, close: true }),
    probe: {
      question: Buffer.from(`OPTIONS * HTTP/1.1\r\nHost: pkixd\r\nConnection: close${HEAD_END}`),
      isAnswer: (received) => /^HTTP\/1\.1 204 [^]*\r\n\r\n$/.test(received.toString('latin1')),
    },
  };
}

class CrlProxySession implements Session {
  readonly #openBody: OpenBody;
  readonly #input = new GrowingBuffer(2 * MAX_HEAD);
  /** Where the next request begins, and where the search for its end continues. */
  #at = 0;
  #searched = 0;
  /** Requests taken so far. */
  #taken = 0;
  #isLast = false;
  #isClosed = false;
  #isClosing = false;

  constructor(openBody: OpenBody) {
    this.#openBody = openBody;
  }

  get midRequest(): boolean {
    return !this.#isLast && this.#input.length > this.#at;
  }

  get held(): number {
    return this.#isLast ? 0 : this.#input.held;
  }

  giveUp(): Buffer {
    this.#isLast = true;
    this.#taken++;
    const { message, retryAfter } = UNFINISHED_BUSY;
    return errorResponse({ status: 503, message, retryAfter, close: true });
  }

  receive(chunk: Buffer): readonly SessionEvent[] {
    if (!this.#isLast) this.#input.add(chunk);
    return [];
  }

  next(): SessionEvent | undefined {
    if (this.#isLast) return this.#close();
    const input = this.#input.bytes;
    const start = blankLines(input, this.#at);
    const end = input.indexOf(HEAD_END, Math.max(start, this.#searched - HEAD_END.length), 'latin1');
    if (end === -1 ? input.length - start > MAX_HEAD : end - start > MAX_HEAD)
      return this.#refuse(new HttpError(431, `the head of a request has at most ${MAX_HEAD} octets`));
    if (end === -1) {
      const line = input.indexOf(0x0a, start);
      // Its end would never come.
      if (line !== -1 && input[line - 1] !== 0x0d)
        return this.#refuse(new HttpError(400, 'a line of the head ends in LF without CR'));
      this.#input.drop(start);
      this.#at = 0;
      this.#searched = this.#input.length;
      return undefined;
    }
    const text = input.toString('latin1', start, end);
    this.#at = end + HEAD_END.length;
    this.#searched = 0;
    try {
      return this.#request(parseHttpHead(text));
    } catch (error) {
      if (error instanceof HttpError) return this.#refuse(error);
      throw error;
    }
  }

  end(): readonly SessionEvent[] {
    if (!this.midRequest) return [];
    return [this.#refuse(new HttpError(400, 'the connection ended within a request'))];
  }

  closing(): void {
    this.#isClosing = true;
  }

  /** An idle connection is closed without a message, as usual in HTTP. */
  timedOut(deadline: DeadlineKind): Buffer {
    if (deadline !== 'request') return Buffer.alloc(0);
    return errorResponse({ status: 408, message: DEADLINE_TEXT[deadline], close: true });
  }

  #request({ method, target, minor, fields }: HttpHead): SessionEvent {
    this.#isLast = minor === 0 || wordsOf(fields.get('connection')).has('close');
    const number = ++this.#taken;
    const isLast = (): boolean => this.#isLastAnswer(number);
    if (method === 'CONNECT')
      throw new HttpError(405, 'this proxy serves CRLs over http and opens no tunnels');
    if (method === 'OPTIONS' && target === '*') return { kind: 'reply', bytes: optionsResponse(isLast()) };
    if (method !== 'GET' && method !== 'HEAD')
      throw new HttpError(405, 'this proxy takes GET and HEAD alone');
    const url = urlOf(target, fields.get('host') ?? '');
    if (!/^http:\/\/[^/@]+\//i.test(`${url}/`))
      throw new HttpError(400, 'the target is not an http URL with a host');
    const control = wordsOf(fields.get('cache-control') ?? fields.get('pragma'));
    const request: CrlProxyRequest = {
      url,
      via: fields.get('via') ?? '',
      revalidate: control.has('no-cache') || control.has('max-age=0'),
      onlyStored: control.has('only-if-cached'),
    };
    const task = { name: CRL_PROXY_TASK, body: encode(request) };
    const asked = { isHead: method === 'HEAD', fields };
    return {
      kind: 'task',
      task,
      label: url,
      answer: (outcome) => this.#answer(outcome, { ...asked, close: isLast() }),
    };
  }

  #answer(outcome: TaskOutcome, asked: Asked): ReturnType<TaskEvent['answer']> {
    const { close, isHead } = asked;
    if (outcome.kind === 'failed') {
      const { code, message, retryAfter } = outcome;
      const status = code === 'BUSY' ? 503 : code === 'INTERNAL' ? 500 : 504;
      return { bytes: errorResponse({ status, message, close, isHead, retryAfter }), log: logged(status) };
    }
    const answer = decodeTrusted<CrlProxyAnswer>(outcome.body);
    if (answer.kind === 'refused')
      return { bytes: errorResponse({ ...answer, close, isHead }), log: logged(answer.status) };
    const { bytes, status, hasBody } = crlResponse(answer, asked);
    if (!hasBody) return { bytes, log: logged(status) };
    const instead = errorResponse({ status: 503, message: GONE, close, retryAfter: 1000 });
    return {
      bytes,
      rest: { pieces: this.#openBody(answer.path, answer.size), instead },
      log: logged(status),
    };
  }

  /**
   * Whether the connection closes after this answer, because the client or this side wants it; no further request is
   * read then.
   */
  #isLastAnswer(number: number): boolean {
    const isNewest = number === this.#taken;
    return isNewest && (this.#isLast || (this.#isClosing && this.#input.length === this.#at));
  }

  #refuse({ status, message }: HttpError): SessionEvent {
    this.#isLast = true;
    this.#taken++;
    return { kind: 'reply', bytes: errorResponse({ status, message, close: true }), error: true };
  }

  /** Called after the last answer. */
  #close(): SessionEvent | undefined {
    this.#input.clear();
    this.#at = 0;
    if (this.#isClosed) return undefined;
    this.#isClosed = true;
    return { kind: 'close' };
  }
}

/**
 * The URL that a request means: the target in absolute form, as clients write it to a proxy, or host and path, as a
 * cache does that takes pkixd for the server (RFC 9112 §3.3).
 */
function urlOf(target: string, host: string): string {
  return target.startsWith('/') ? `http://${host}${target}` : target;
}

function logged(status: number): Answer['log'] {
  return () => ({ status });
}

/** Skips empty lines before a request line (RFC 9112 §2.2). */
function blankLines(input: Buffer, at: number): number {
  let start = at;
  while (start < at + 8 && input[start] === 0x0d && input[start + 1] === 0x0a) start += 2;
  return start;
}
