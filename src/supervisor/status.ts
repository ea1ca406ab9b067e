import type { ServerStatus } from '../wire/control.js';
import type { BacklogReader } from './listen/backlog-reader.js';
import type { Dispatcher } from './dispatch/dispatcher.js';
import type { Fleet } from './fleet/fleet.js';
import { latencyRows } from './fleet/latency-window.js';
import type { ListenerProbe } from './listen/listener-probe.js';
import { boundTo, type Listener } from './listen/listeners.js';
import { VERSION } from '../version.js';

export interface StatusSources {
  readonly state: ServerStatus['state'];
  /** Milliseconds since the start. */
  readonly uptime: number;
  readonly scaling: ServerStatus['scaling'];
  readonly fleet: Fleet;
  readonly dispatcher: Dispatcher;
  readonly listeners: readonly Listener[];
  readonly backlog: BacklogReader | undefined;
  readonly probe: ListenerProbe;
}

/** The server as it is now, for `pkixd status` and for the clients of listeners that permit it. */
export function statusOf(sources: StatusSources): ServerStatus {
  const { state, uptime, fleet, dispatcher, listeners, backlog, probe } = sources;
  return {
    version: VERSION,
    pid: process.pid,
    node: process.version,
    state,
    uptime: Math.round(uptime),
    scale: fleet.wanted,
    scaling: sources.scaling,
    restarts: fleet.restarts,
    pending: dispatcher.pending,
    rss: process.memoryUsage.rss(),
    listeners: listeners.map((listener) => ({
      name: listener.config.name,
      address: listener.address,
      protocol: listener.config.protocol,
      accepted: listener.accepted,
      refused: [...listener.refused.values()].reduce((sum, count) => sum + count, 0),
      refusedFor: Object.fromEntries(listener.refused),
      backlog: backlog?.of(boundTo(listener)) ?? null,
      probe: probe.of(listener),
    })),
    workers: fleet.handles.map((handle) => handle.status()),
    latencies: latencyRows(fleet.handles.map(({ latencies }) => latencies)),
    replaced: fleet.replaced,
  };
}
