import { codeOf, messageOf, PkixdError } from '../../errors.js';
import type { FetchFailed, FetchFault } from './fetch-outcome.js';

/** Why nothing was fetched; becomes a FetchFailed at the edge of this folder. */
export class FetchError extends PkixdError {
  declare readonly code: FetchFailed['code'];
  readonly fault: FetchFault;
  /** ms */
  readonly retryAfter: number | undefined;

  constructor(fault: FetchFault, message: string, options: ErrorOptions & { retryAfter?: number } = {}) {
    super(fault === 'refused' ? 'FETCH_REFUSED' : 'FETCH_FAILED', message, options);
    this.fault = fault;
    this.retryAfter = options.retryAfter;
  }

  /** The same with something said before it. */
  after(text: string): FetchError {
    const { retryAfter } = this;
    return new FetchError(this.fault, `${text}: ${this.message}`, {
      cause: this,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  }
}

/** Errors of the HTTP client and zlib, by their codes; any other error is one of the connection. */
const FAULTS: readonly (readonly [RegExp, FetchFault, string])[] = [
  [/^UND_ERR_CONNECT_TIMEOUT$/, 'timeout', ''],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'tooLarge', "the answer's headers are too large: "],
  [/^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/, 'connection', 'the answer was cut off: '],
  [/^UND_ERR_SOCKET$|^UND_ERR_RESPONSE|^ECONNRESET$/, 'connection', 'the connection broke: '],
  [/^Z_/, 'content', 'it cannot be unpacked: '],
];

export function asFetchError(thrown: unknown): FetchError {
  if (thrown instanceof FetchError) return thrown;
  const code = String(codeOf(thrown));
  const [, fault, text] = FAULTS.find(([pattern]) => pattern.test(code)) ?? [undefined, 'connection', ''];
  return new FetchError(fault, text + messageOf(thrown), { cause: thrown });
}
