/**
 * Which worker gets a connection: a pure function of numbers. A handover not yet acknowledged counts as a request in
 * flight, since it is about to bring one; otherwise one worker would get a whole burst between two reports.
 */
export interface Candidate {
  /** Requests in flight, by the worker's last report. */
  readonly inFlight: number;
  /** Connections handed to it that it has neither acknowledged nor given back. */
  readonly unacknowledged: number;
  /** Connections it holds, by its last report and what it has acknowledged since. */
  readonly connections: number;
  /** A number that rises with each use: the lowest was used the longest ago. */
  readonly lastUse: number;
  /** It gets no connection for a while: it refused or lost one, or did not acknowledge one in time. */
  readonly resting: boolean;
}

/** The most handles that a worker is sent before it acknowledges one. */
export const MAX_UNACKNOWLEDGED = 256;

/** Milliseconds after which a worker with an unacknowledged connection gets no other until it acknowledges it. */
export const PROMPT_MS = 50;

/** How long a worker that refused a connection gets no other, in milliseconds. */
export const REFUSAL_PAUSE_MS = 100;

/** How long a worker that lost or did not acknowledge a connection gets no other, in milliseconds. */
export const REVOCATION_PAUSE_MS = 500;

/** The best of these candidates, or `undefined` when none of them may get a connection now. */
export function choose<C extends Candidate>(candidates: Iterable<C>): C | undefined {
  let best: C | undefined;
  for (const candidate of candidates) {
    if (candidate.resting || candidate.unacknowledged >= MAX_UNACKNOWLEDGED) continue;
    if (best === undefined || isBetter(candidate, best)) best = candidate;
  }
  return best;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  const byLoad = a.inFlight + a.unacknowledged - (b.inFlight + b.unacknowledged);
  if (byLoad !== 0) return byLoad < 0;
  const byConnections = a.connections + a.unacknowledged - (b.connections + b.unacknowledged);
  if (byConnections !== 0) return byConnections < 0;
  return a.lastUse < b.lastUse;
}
