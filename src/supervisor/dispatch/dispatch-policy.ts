/**
 * Which worker gets a connection: a pure function of numbers. A handover not yet acknowledged counts as a request
 * in flight, since it is about to bring one; else a burst between two reports would all go to one worker.
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
  /** It refused or lost a connection a moment ago, or has not answered for one in time: it rests. */
  readonly resting: boolean;
}

/** More handles than this are not sent to a worker that acknowledges none of them. */
export const MAX_UNACKNOWLEDGED = 256;

/** A worker that has not acknowledged a connection within so many milliseconds gets no other until it has. */
export const PROMPT = 50;

/** How long a worker that refused a connection gets no other, in milliseconds. */
export const REFUSAL_REST = 100;

/** How long a worker rests that lost or sat on a connection, in milliseconds. */
export const REVOCATION_REST = 500;

/** The best of these candidates, or `undefined` when each of them rests or is full. */
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
