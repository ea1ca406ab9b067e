import type { ServerStatus } from '../wire/control.js';
import type { Dispatcher } from './dispatcher.js';
import type { Fleet } from './fleet.js';
import type { Listener } from './listeners.js';
import { VERSION } from '../version.js';

export interface StatusSources {
  readonly state: ServerStatus['state'];
  /** Milliseconds since the start. */
  readonly uptime: number;
  readonly fleet: Fleet;
  readonly dispatcher: Dispatcher;
  readonly listeners: readonly Listener[];
}

/** The server as it is now, for `pkixd status` and for the clients of listeners that permit it. */
export function statusOf({ state, uptime, fleet, dispatcher, listeners }: StatusSources): ServerStatus {
  return {
    version: VERSION,
    pid: process.pid,
    node: process.version,
    state,
    uptime: Math.round(uptime),
    scale: fleet.wanted,
    restarts: fleet.restarts,
    pending: dispatcher.pending,
    rss: process.memoryUsage.rss(),
    listeners: listeners.map(({ config, address, accepted, refused }) => ({
      name: config.name,
      address,
      protocol: config.protocol,
      accepted,
      refused,
    })),
    workers: fleet.handles.map((handle) => handle.status()),
  };
}
