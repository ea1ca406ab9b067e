import type { ServiceCounts, WorkerStatistics } from './ipc.js';

/** One command over the control socket, and its one answer, each a frame of msgpack. */
export interface ControlRequest {
  readonly command: 'status' | 'scale' | 'stop' | 'restart' | 'reload' | 'dump' | 'order';
  /**
   * With `scale`: the number of workers wanted, `+1` or `-1` relative to the present number, or `auto`. With `restart`:
   * the worker's number. With `stop`: nothing, or `now`. With `order`: the name of an order to the workers' services.
   */
  readonly argument?: number | string;
  /** With `order`: its content, in the order's own form, as is the result. */
  readonly body?: Uint8Array;
}

export type ControlResponse =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** The answer to `status`; the line protocol's STATUS shows the same. */
export interface ServerStatus {
  readonly version: string;
  readonly pid: number;
  readonly node: string;
  /** `degraded`: workers die faster than the restart limit allows; the listeners stay. */
  readonly state: 'starting' | 'running' | 'degraded' | 'stopping';
  /** Milliseconds since the start. */
  readonly uptime: number;
  /** Workers wanted. */
  readonly scale: number;
  /** `auto`: the number of workers follows the load. */
  readonly scaling: 'fixed' | 'auto';
  /** Workers replaced since the start. */
  readonly restarts: number;
  /** Connections that wait for a worker. */
  readonly pending: number;
  readonly rss: number;
  readonly listeners: readonly ListenerStatus[];
  readonly workers: readonly WorkerStatus[];
  /** Latencies of the last one to two minutes. */
  readonly latencies: readonly LatencyRow[];
  /** The last workers that were replaced without an operator's order, oldest first. */
  readonly replaced: readonly Replacement[];
}

export interface Replacement {
  readonly worker: number;
  readonly pid: number;
  /** Milliseconds ago. */
  readonly ago: number;
  readonly why: string;
}

/** How long requests took, in milliseconds; `step` as in `LatencyStep`. */
export interface LatencyRow {
  readonly protocol: string;
  readonly step: string;
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface ListenerStatus {
  readonly name: string;
  readonly address: string;
  readonly protocol: string;
  /** Connections of clients accepted since the start. */
  readonly accepted: number;
  /** Connections refused with BUSY since the start. */
  readonly refused: number;
  /** The same by reason: `pending.max`, `pending.maxWait`, `descriptors`, `stopping`; absent in an older release. */
  readonly refusedFor?: Readonly<Record<string, number>>;
  /** Connections that the kernel holds and the primary has not accepted yet, some seconds ago; `null`: not known. */
  readonly backlog: number | null;
  /** What the primary's own probe found last; `null` before the first. */
  readonly probe: ProbeStatus | null;
}

export interface ProbeStatus {
  /** Milliseconds from connecting to the answer, or to giving up. */
  readonly took: number;
  /** What went wrong; `null` when it answered. */
  readonly failure: string | null;
}

export interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly state: 'starting' | 'ready' | 'draining' | 'dead';
  /** The release that it runs; absent before it is ready. */
  readonly version?: string;
  /** Milliseconds since the fork. */
  readonly uptime: number;
  /** Milliseconds since the last pong. */
  readonly lastPong: number;
  /** Statistics of the last pong; absent before the first. */
  readonly statistics?: WorkerStatistics;
  /** Counters of the last pong; absent also if there are none. */
  readonly services?: ServiceCounts;
}
