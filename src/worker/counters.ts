/** A worker's counters since its start; WorkerStatistics explains them. */
export interface Counters {
  openConnections: number;
  handledConnections: number;
  handledRequests: number;
  errors: number;
  busy: number;
  /** Requests read and not yet answered: the worker's load. */
  inFlight: number;
}

export function newCounters(): Counters {
  return { openConnections: 0, handledConnections: 0, handledRequests: 0, errors: 0, busy: 0, inFlight: 0 };
}
