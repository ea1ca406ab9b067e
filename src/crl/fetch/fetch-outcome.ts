/** A server's validators for its answer; with these it need not send the same bytes again (RFC 9110 §13.1). */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** The kind of failure, for programs. */
export type FetchFault =
  /** The rules forbid it: address, port, user information. */
  | 'refused'
  /** An unsupported scheme, such as ldap. */
  | 'unsupported'
  /** The caller gave it up, or the fetcher was closed: this says nothing of the server. */
  | 'aborted'
  /** No connection, or it broke, TLS included. */
  | 'connection'
  /** It took too long, or stalled. */
  | 'timeout'
  /** A proxy on the way says that the request came by before. */
  | 'loop'
  /** An answer other than 200 and 304. */
  | 'status'
  | 'redirect'
  | 'tooLarge'
  /** The content is not a CRL of the wanted kind. */
  | 'content';

export interface FetchFailed {
  readonly kind: 'failed';
  /** The verdict's code: REFUSED by our own rules, or FAILED. */
  readonly code: 'FETCH_FAILED' | 'FETCH_REFUSED';
  readonly fault: FetchFault;
  /** Names the URL and says why. */
  readonly message: string;
  /** ms that the server asks to be left alone. */
  readonly retryAfter?: number;
}
