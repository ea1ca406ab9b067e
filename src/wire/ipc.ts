import type { LogRecord } from '../log.js';

/** Raised by whatever makes a worker of one release no worker for a primary of another; said in `ready`. */
export const IPC_VERSION = 2;

/**
 * What a worker says to the primary on fd 4, and the primary to it on fd 6, one msgpack value a frame. Connection handles travel beside
 * it, on Node's own IPC channel, as `Handover` with the handle attached; the two are not ordered with each other.
 */
export type ToWorker =
  /** First message: who the worker is and everything it needs to start. */
  | { readonly type: 'configure'; readonly worker: number; readonly config: unknown }
  /** Before any connection of a TLS listener, and again with each new ticket key. */
  | { readonly type: 'tls'; readonly listeners: readonly TlsMaterial[]; readonly ticketKeys: Uint8Array }
  | { readonly type: 'ping'; readonly sequence: number }
  /** Take no connection past `lastId`, answer what was read whole, then say `drained` and exit. */
  | { readonly type: 'drain'; readonly lastId: number; readonly timeout: number }
  /** These connections were never acknowledged: say `revoked` (and never touch them), or nothing if acknowledged. */
  | { readonly type: 'revoke'; readonly ids: readonly number[] }
  /** Send this many clients that asked something lately to other workers, each behind an answer. */
  | { readonly type: 'shed'; readonly count: number }
  /** Write to the log what every connection and request does now. */
  | { readonly type: 'dump' }
  | { readonly type: 'status'; readonly request: number; readonly status: unknown }
  /** Have the services carry this out, and say `ordered` with the same number. */
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
  /** The worker's load after a change: with what else it says, and by itself a few times a second at most. */
  | { readonly type: 'load'; readonly inFlight: number; readonly connections: number }
  /** These connections are the worker's now: the primary destroys its copies. In id order. */
  | { readonly type: 'accepted'; readonly ids: readonly number[] }
  /** The worker will not take these: give them to another. Nothing of them was read. */
  | { readonly type: 'refused'; readonly ids: readonly number[] }
  | { readonly type: 'revoked'; readonly ids: readonly number[] }
  | { readonly type: 'statusRequest'; readonly request: number }
  | { readonly type: 'drained' }
  | { readonly type: 'ordered'; readonly order: number; readonly outcome: OrderOutcome }
  /** The worker asks to be replaced (its threads do not start, …). */
  | { readonly type: 'restart'; readonly reason: string }
  | { readonly type: 'log'; readonly records: readonly LogRecord[] };

/** What came of an order: the services' own bytes, or why there are none. */
export type OrderOutcome =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What a TLS listener needs, read by the primary: a worker may not be allowed to read the key. */
export interface TlsMaterial {
  readonly listener: string;
  /** PEM: the certificate and its chain. */
  readonly certificate: string;
  /** PEM */
  readonly key: string;
  /** PEM; `null`: clients are not asked for certificates. */
  readonly clientCa: string | null;
  readonly clientAuth: 'require' | 'request';
  /** The engine is asked about each client: no session is resumed, for that would leave its chain unsaid. */
  readonly isChecked: boolean;
}

/** Goes with a connection's handle on Node's IPC channel. */
export interface Handover {
  readonly type: 'connection';
  /** Counts up by one for each handle sent to this worker: a gap is a lost handle. */
  readonly id: number;
  /** The listener's name in the configuration. */
  readonly listener: string;
}

export const LATENCY_STEPS = ['total', 'queued', 'ran', 'waited'] as const;
/**
 * `total`: from a request's last byte to its answer; of that `queued` for a thread, `ran` in it, `waited` for what the
 * task asked for in between (a CRL).
 */
export type LatencyStep = (typeof LATENCY_STEPS)[number];

/** How long requests took since the worker's start. */
export interface LatencyCounts {
  readonly protocol: string;
  readonly step: LatencyStep;
  /** See wire/histogram.ts. */
  readonly counts: Uint8Array;
}

/** What the services of a worker's IO loop count, by names of their own. */
export type ServiceCounts = Readonly<Record<string, number>>;

/** A worker's account of itself, in each pong. Counters run since the worker's start. */
export interface WorkerStatistics {
  readonly openConnections: number;
  /** Connections on which a request came within the last seconds, and that were not sent away. */
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
  /** Requests answered from the cache of outcomes, and those looked up there in vain. */
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Requests read and not yet answered. */
  readonly inFlight: number;
  readonly queueDepth: number;
  /** Clients of which requests wait in the queue. */
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
  /** What of it is the process's own: no file pages, none shared with others. In bytes. */
  readonly anonymousRss: number;
}
