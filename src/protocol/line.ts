import { PkixdError } from '../errors.js';
import type { DeadlineKind, Protocol, Session, SessionEvent, SessionOptions } from '../wire/protocol.js';
import { encode } from '../wire/codec.js';
import { exampleLines, EXAMPLE_OUTCOME } from './example.js';
import { AT_LIMITS, DEADLINE_TEXT, STATUS_UNAVAILABLE, UNFINISHED_BUSY } from './connection-text.js';
import { answerLine, errorLine } from './line-answer.js';
import { NO_ID } from './line-arguments.js';
import { HELP } from './line-help.js';
import { LineRequest } from './line-request.js';
import { LineSplitter } from './line-splitter.js';
import { notPermitted, RequestError } from './request-error.js';
import { statusLines } from './status-lines.js';

/**
 * The line protocol, for people, shell scripts and `nc`; HELP (line-help.ts) describes it.
 *
 *     ┌─────────┐  VERIFY …   ┌─────────┐
 *     │ command │ ──────────▶ │ request │  PEM lines
 *     │         │ ◀────────── │         │
 *     └─────────┘      .      └─────────┘
 *         │  ▲ a known command, or "."    │ beyond a limit: answered at once
 * unknown│  │                            │ command▼  │                            ▼
 *     ┌─────────┐             ┌─────────┐
 *     │ garbage │             │ skipped │ to its "."
 *     └─────────┘             └─────────┘
 */
export const lineProtocol: Protocol = {
  name: 'line',
  open: (options) => new LineSession(options),
  busy: (retryAfter) => errorLine(NO_ID, 'BUSY', AT_LIMITS, retryAfter),
  probe: {
    question: Buffer.from('PING\n'),
    isAnswer: (received) => received.toString('latin1') === 'PONG\n',
  },
  example: { request: exampleLines, outcome: EXAMPLE_OUTCOME },
};

type State =
  | { readonly in: 'command' }
  | { readonly in: 'request'; readonly request: LineRequest }
  /** The request's error was answered; the rest of it is skipped. */
  | { readonly in: 'skipped' }
  /** A run of lines without a valid command gets one error, however many lines it has. */
  | { readonly in: 'garbage' }
  | { readonly in: 'closed' };

const COMMAND: State = { in: 'command' };
/** A lone "." and the CR before its LF: the longest line that is kept while a request is skipped to its end. */
const TERMINATOR = 2;
/** RFC 9112 §3, request-line, and the preface of HTTP/2 (RFC 9113 §3.4). */
const HTTP_REQUEST = /^[!-~]+ .* HTTP\/\d/;

class LineSession implements Session {
  readonly #options: SessionOptions;
  readonly #splitter: LineSplitter;
  #state: State = COMMAND;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#splitter = new LineSplitter(options.limits.maxLine);
  }

  get midRequest(): boolean {
    return this.#state.in === 'request' || this.#state.in === 'skipped' || this.#splitter.midLine;
  }

  get #closed(): boolean {
    return this.#state.in === 'closed';
  }

  /** Skipped input takes no memory. */
  get held(): number {
    if (this.#state.in === 'skipped') return 0;
    return this.#splitter.held + (this.#state.in === 'request' ? this.#state.request.size : 0);
  }

  /** A dropped line may have been a command, so all input up to the next terminator is skipped with it. */
  giveUp(): Buffer {
    const id = this.#state.in === 'request' ? this.#state.request.id : NO_ID;
    this.#splitter.drop(this.#state.in === 'request' ? TERMINATOR : 0);
    this.#state = { in: this.#state.in === 'request' ? 'skipped' : 'garbage' };
    const { code, message, retryAfter } = UNFINISHED_BUSY;
    return errorLine(id, code, message, retryAfter);
  }

  receive(chunk: Buffer): SessionEvent[] {
    if (this.#closed) return [];
    const events: SessionEvent[] = [];
    for (const line of this.#splitter.push(chunk)) {
      if (this.#closed) break;
      const event = line.kind === 'line' ? this.#line(line.text) : this.#tooLong();
      if (event) events.push(event);
    }
    if (this.#state.in === 'skipped') this.#splitter.drop(TERMINATOR);
    return this.#withClose(events);
  }

  end(): SessionEvent[] {
    if (this.#closed) return [];
    const incomplete =
      this.#state.in === 'request' || (this.#state.in === 'command' && this.#splitter.midLine);
    const id = this.#state.in === 'request' ? this.#state.request.id : NO_ID;
    this.#state = { in: 'closed' };
    if (!incomplete) return [];
    return [
      errorAnswer(id, 'INCOMPLETE', 'the connection ended before the terminator: a line with a lone "."'),
    ];
  }

  timedOut(deadline: DeadlineKind): Buffer {
    const id = this.#state.in === 'request' ? this.#state.request.id : NO_ID;
    return errorLine(id, 'DEADLINE', DEADLINE_TEXT[deadline]);
  }

  tooManyPipelined(event: SessionEvent, limit: number): Buffer {
    const id = event.kind === 'task' ? event.label : NO_ID;
    const message = `at most ${limit} requests of a connection may wait for their answers (connection.maxPipelined)`;
    return errorLine(id, 'PIPELINE_LIMIT', message);
  }

  #line(text: string): SessionEvent | undefined {
    switch (this.#state.in) {
      case 'request':
        return this.#requestLine(this.#state.request, text);
      case 'skipped':
        if (text === '.') this.#state = COMMAND;
        return undefined;
      default:
        return this.#command(text);
    }
  }

  #requestLine(request: LineRequest, text: string): SessionEvent | undefined {
    if (text !== '.') {
      request.line(text);
      // A request beyond its limits is not waited for.
      if (!request.overLimit) return undefined;
      this.#state = { in: 'skipped' };
    } else {
      this.#state = COMMAND;
    }
    return this.#finish(request);
  }

  #finish(request: LineRequest): SessionEvent {
    const { id } = request;
    try {
      const task = { name: 'verify', body: encode(request.finish()) };
      return { kind: 'task', task, label: id, answer: (outcome) => answerLine(id, outcome) };
    } catch (error) {
      if (!(error instanceof PkixdError)) throw error;
      return errorAnswer(id, error.code, error.message);
    }
  }

  #command(text: string): SessionEvent | undefined {
    if (text.includes(' HTTP/') && HTTP_REQUEST.test(text)) return this.#refuseHttp();
    const [word = '', ...rest] = text.split(' ').filter((part) => part !== '');
    switch (word.toUpperCase()) {
      case '':
        return undefined;
      case '.':
        this.#state = COMMAND;
        return undefined;
      case 'VERIFY':
        this.#state = {
          in: 'request',
          request: new LineRequest(rest, this.#options.limits, this.#options.permits),
        };
        return undefined;
      case 'PING':
        return this.#reply('PONG\n');
      case 'HELP':
        return this.#reply(HELP);
      case 'STATUS':
        return this.#status();
      case 'QUIT':
        this.#state = { in: 'closed' };
        return { kind: 'reply', bytes: Buffer.from('BYE\n') };
      default:
        return this.#garbage(`"${printable(word)}" is not a command; HELP lists them`, 'UNKNOWN_COMMAND');
    }
  }

  /** Any web page can have the browser on this host send it, with a body of its choice: nothing after it is read. */
  #refuseHttp(): SessionEvent {
    this.#state = { in: 'closed' };
    return errorAnswer(NO_ID, 'UNKNOWN_COMMAND', 'this is not an HTTP server; HELP lists the commands');
  }

  #reply(text: string): SessionEvent {
    this.#state = COMMAND;
    return { kind: 'reply', bytes: Buffer.from(text) };
  }

  #status(): SessionEvent {
    this.#state = COMMAND;
    if (this.#options.permits.has('status')) return { kind: 'status', answer: statusAnswer };
    const { code, message } = notPermitted('STATUS', 'status');
    return errorAnswer(NO_ID, code, message);
  }

  #tooLong(): SessionEvent | undefined {
    const message = `a line has at most ${this.#options.limits.maxLine} bytes (request.maxLine)`;
    if (this.#state.in === 'request') {
      const { request } = this.#state;
      request.fail(new RequestError('LINE_TOO_LONG', message));
      this.#state = { in: 'skipped' };
      return this.#finish(request);
    }
    if (this.#state.in === 'skipped') return undefined;
    return this.#garbage(message, 'LINE_TOO_LONG');
  }

  #garbage(message: string, code: string): SessionEvent | undefined {
    if (this.#state.in === 'garbage') return undefined;
    this.#state = { in: 'garbage' };
    return errorAnswer(NO_ID, code, message);
  }

  /** QUIT's own answer comes first; then the connection closes after all pending answers. */
  #withClose(events: SessionEvent[]): SessionEvent[] {
    return this.#closed ? [...events, { kind: 'close' }] : events;
  }
}

function statusAnswer(status: unknown): Buffer {
  if (status !== null) return statusLines(status);
  return errorLine(NO_ID, STATUS_UNAVAILABLE.code, STATUS_UNAVAILABLE.message);
}

function errorAnswer(id: string, code: string, message: string): SessionEvent {
  return { kind: 'reply', bytes: errorLine(id, code, message), error: true };
}

/** The beginning of an arbitrary word, for use in a message. */
function printable(word: string): string {
  return word.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, '?');
}
