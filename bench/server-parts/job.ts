/** What the load generator is told to do, and what it answers; both cross a process boundary. */
export type Job =
  /** So many requests, a fixed number of them under way at any time. */
  | {
      readonly kind: 'closed';
      readonly path: string;
      readonly connections: number;
      readonly inFlight: number;
      readonly requests: number;
    }
  /** So many requests a second, whatever becomes of them. */
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly connections: number;
      readonly rate: number;
      readonly seconds: number;
    }
  /** Opens connections that say nothing until `release`. */
  | { readonly kind: 'hold'; readonly path: string; readonly connections: number }
  | { readonly kind: 'release' }
  /** Connections one after the other in several lanes, each for one line and its answer. */
  | { readonly kind: 'visit'; readonly port: number; readonly connections: number }
  /** What the requests are, used in turns: bodies of the msgpack protocol. */
  | { readonly kind: 'load'; readonly bodies: readonly Uint8Array[] };

export interface LoadResult {
  readonly sent: number;
  readonly valid: number;
  readonly busy: number;
  /** Any other answer. */
  readonly other: number;
  /** No answer within some seconds of the last request. */
  readonly hanging: number;
  /** Valid verdicts that came while requests were being sent. */
  readonly validInTime: number;
  readonly seconds: number;
  /** ms from when a request was due until its verdict: all of them, in order, and what they come to. */
  readonly times: Float64Array;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}
