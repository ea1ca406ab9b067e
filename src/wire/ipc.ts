import type { LogRecord } from '../log.js';

/**
 * The version of these messages, sent in `ready`. Raise it with every change that makes workers and primaries of two
 * releases incompatible.
 */
export const IPC_VERSION = 2;

/**
 * The messages of a worker to the primary on fd 4 and of the primary to it on fd 6, one msgpack value a frame.
 * Connection handles travel on Node's own IPC channel, as `Handover` with the handle attached; there is no order
 * between the two.
 */
export type ToWorker =
  /** First message: who the worker is and everything it needs to start. */
  | { readonly type: 'configure'; readonly worker: number; readonly config: unknown }
  /** Before any connection of a TLS listener, and again with each new ticket key. */
  | { readonly type: 'tls'; readonly listeners: readonly TlsMaterial[]; readonly ticketKeys: Uint8Array }
  | { readonly type: 'ping'; readonly sequence: number }
  /**
   * Take no connection beyond `lastId`, answer all requests that were read completely, then send `drained` and exit.
   */
  | { readonly type: 'drain'; readonly lastId: number; readonly timeout: number }
  /**
   * These connections are unacknowledged: answer `revoked` and do not use them; do not answer if they were
   * acknowledged.
   */
  | { readonly type: 'revoke'; readonly ids: readonly number[] }
  /** Send this many recently active clients to other workers, each after an answer. */
  | { readonly type: 'shed'; readonly count: number }
  /** Write the state of every connection and request to the log. */
  | { readonly type: 'dump' }
  | { readonly type: 'status'; readonly request: number; readonly status: unknown }
  /** Have the services carry out the order, and answer `ordered` with the same number. */
  | { readonly type: 'order'; readonly order: number; readonly name: string; readonly body: Uint8Array };

export type ToPrimary =
  | {
      readonly type: 'ready';
      readonly pid: number;
      /** The worker's release. */
      readonly version: string;
      /** Its IPC_VERSION. */
      readonly ipc: number;
      readonly threads: number;
    }
  | {
      readonly type: 'pong';
      readonly sequence: number;
      readonly statistics: WorkerStatistics;
      readonly latencies: readonly LatencyCounts[];
      readonly services?: ServiceCounts;
    }
  /** The worker's load after a change: sent with other messages, or by itself at most a few times a second. */
  | { readonly type: 'load'; readonly inFlight: number; readonly connections: number }
  /** The worker has accepted these connections, and the primary closes its copies. In the order of their ids. */
  | { readonly type: 'accepted'; readonly ids: readonly number[] }
  /** The worker does not accept these connections and has not read from them; they go to another worker. */
  | { readonly type: 'refused'; readonly ids: readonly number[] }
  | { readonly type: 'revoked'; readonly ids: readonly number[] }
  | { readonly type: 'statusRequest'; readonly request: number }
  | { readonly type: 'drained' }
  | { readonly type: 'ordered'; readonly order: number; readonly outcome: OrderOutcome }
  /** The worker asks to be replaced (its threads do not start, …). */
  | { readonly type: 'restart'; readonly reason: string }
  | { readonly type: 'log'; readonly records: readonly LogRecord[] };

/** The result of an order: bytes of the services, or an error. */
export type OrderOutcome =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** The files of a TLS listener, read by the primary: a worker may have no right to read the key. */
export interface TlsMaterial {
  readonly listener: string;
  /** PEM: the certificate and its chain. */
  readonly certificate: string;
  /** PEM */
  readonly key: string;
  /** PEM; `null`: clients are not asked for certificates. */
  readonly clientCa: string | null;
  readonly clientAuth: 'require' | 'request';
  /**
   * The engine verifies each client. Sessions are not resumed, since a resumed one does not show the client's chain.
   */
  readonly isChecked: boolean;
}

/** Goes with a connection's handle on Node's IPC channel. */
export interface Handover {
  readonly type: 'connection';
  /** Increases by one for each handle sent to this worker, so that a gap shows a lost handle. */
  readonly id: number;
  /** The listener's name in the configuration. */
  readonly listener: string;
}

export const LATENCY_STEPS = ['total', 'queued', 'ran', 'waited'] as const;
/**
 * `total`: from a request's last byte to its answer. Parts of it: `queued` for a thread, `ran` in it, `waited` for a
 * step between two runs (fetching a CRL).
 */
export type LatencyStep = (typeof LATENCY_STEPS)[number];

/** How long requests took since the worker's start. */
export interface LatencyCounts {
  readonly protocol: string;
  readonly step: LatencyStep;
  /** See wire/histogram.ts. */
  readonly counts: Uint8Array;
}

/** Counters of the services of a worker's IO loop, by names of their own. */
export type ServiceCounts = Readonly<Record<string, number>>;

/** A worker's report on itself, in each pong. Counters run since the worker's start. */
export interface WorkerStatistics {
  readonly openConnections: number;
  /** Connections with a request within the last seconds that were not asked to go. */
  readonly activeConnections: number;
  readonly handledConnections: number;
  /** TLS connections that are not secure yet. */
  readonly handshakes: number;
  /** TLS connections that never became secure. */
  readonly failedHandshakes: number;
  /** Requests answered, errors included. */
  readonly handledRequests: number;
  /** Requests answered by an error of the protocol (bad input, deadline). */
  readonly errors: number;
  /** Requests refused because the queue was full. */
  readonly busy: number;
  /** Tasks that ran past `threads.taskTimeout`. */
  readonly timeouts: number;
  /** Requests answered from the cache of outcomes, and those that it did not know. */
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Requests read and not yet answered. */
  readonly inFlight: number;
  readonly queueDepth: number;
  /** Clients with requests in the queue. */
  readonly queuedClients: number;
  /** Milliseconds that the oldest task of the queue has waited. */
  readonly oldestWait: number;
  /** Requests between two attempts, waiting for a step (a download). */
  readonly waiting: number;
  readonly threads: number;
  readonly busyThreads: number;
  /** Share of their time that the threads were busy since the last pong, 0…1. */
  readonly threadUtilization: number;
  /** Threads replaced since the start (dead, or past their limit). */
  readonly threadRestarts: number;
  /** Share of the time that the event loop was busy since the last pong, 0…1. */
  readonly eventLoopUtilization: number;
  /** Resident memory of the process, in bytes. */
  readonly rss: number;
  /** The anonymous part of it, without file pages and shared memory, in bytes. */
  readonly anonymousRss: number;
}
