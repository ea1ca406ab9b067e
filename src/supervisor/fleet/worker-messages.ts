import { LOG_LEVELS, type LogRecord } from '../../log.js';
import { Histogram } from '../../wire/histogram.js';
import {
  LATENCY_STEPS,
  type LatencyCounts,
  type ServiceCounts,
  type ToPrimary,
  type WorkerStatistics,
} from '../../wire/ipc.js';

/** The most ids or log records in one message; an honest worker sends fewer. */
const MAX_ITEMS = 65_536;
const MAX_TEXT = 64 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/**
 * What a worker sent, with every field checked; `undefined` for anything else. Workers read hostile input, so the
 * primary trusts nothing that they send.
 */
export function parseToPrimary(value: unknown): ToPrimary | undefined {
  if (!isFields(value)) return undefined;
  switch (value['type']) {
    case 'ready': {
      const { pid, version, ipc, threads } = value;
      if (!isCount(pid) || !isText(version) || !isCount(threads)) return undefined;
      // Older releases do not send this number.
      return { type: 'ready', pid, version, ipc: isCount(ipc) ? ipc : 0, threads };
    }
    case 'pong': {
      const { sequence, statistics, latencies, services = {} } = value;
      return isCount(sequence) &&
        isStatistics(statistics) &&
        isLatencies(latencies) &&
        isServiceCounts(services)
        ? { type: 'pong', sequence, statistics, latencies, services }
        : undefined;
    }
    case 'load': {
      const { inFlight, connections } = value;
      if (!isCount(inFlight) || !isCount(connections)) return undefined;
      return { type: 'load', inFlight, connections };
    }
    case 'accepted':
    case 'refused':
    case 'revoked':
      return isIds(value['ids']) ? { type: value['type'], ids: value['ids'] } : undefined;
    case 'statusRequest':
      return isCount(value['request']) ? { type: 'statusRequest', request: value['request'] } : undefined;
    case 'ordered':
      return parseOrdered(value);
    case 'drained':
      return { type: 'drained' };
    case 'restart':
      return isText(value['reason']) ? { type: 'restart', reason: value['reason'] } : undefined;
    case 'log':
      return parseLog(value['records']);
    default:
      return undefined;
  }
}

/** The numbers of the statistics; the type makes sure that none is missing. */
const STATISTICS: Readonly<Record<keyof WorkerStatistics, true>> = {
  openConnections: true,
  activeConnections: true,
  handledConnections: true,
  handshakes: true,
  failedHandshakes: true,
  handledRequests: true,
  errors: true,
  busy: true,
  timeouts: true,
  cacheHits: true,
  cacheMisses: true,
  inFlight: true,
  queueDepth: true,
  queuedClients: true,
  oldestWait: true,
  waiting: true,
  threads: true,
  busyThreads: true,
  threadUtilization: true,
  threadRestarts: true,
  eventLoopUtilization: true,
  rss: true,
  anonymousRss: true,
};

function isStatistics(value: unknown): value is WorkerStatistics {
  return isFields(value) && Object.keys(STATISTICS).every((key) => isAmount(value[key]));
}

/** The most counters of a worker's services, far more than there are. */
const MAX_COUNTS = 64;

function isServiceCounts(value: unknown): value is ServiceCounts {
  if (!isFields(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_COUNTS && entries.every(([name, count]) => name.length <= 64 && isAmount(count))
  );
}

/** Protocols that a worker may speak, times the steps of each, with room to spare. */
const MAX_LATENCIES = 64;

function isLatencies(value: unknown): value is readonly LatencyCounts[] {
  return Array.isArray(value) && value.length <= MAX_LATENCIES && value.every(isLatency);
}

function isLatency(value: unknown): value is LatencyCounts {
  if (!isFields(value) || !isText(value['protocol'])) return false;
  return (
    LATENCY_STEPS.some((step) => step === value['step']) && Histogram.from(value['counts']) !== undefined
  );
}

function parseOrdered({ order, outcome }: Fields): ToPrimary | undefined {
  if (!isCount(order) || !isFields(outcome)) return undefined;
  const { ok, body, code, message } = outcome;
  if (ok === true && body instanceof Uint8Array) return { type: 'ordered', order, outcome: { ok, body } };
  if (ok !== false || !isText(code) || !isText(message)) return undefined;
  return { type: 'ordered', order, outcome: { ok, code, message } };
}

function parseLog(value: unknown): ToPrimary | undefined {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) return undefined;
  const records: LogRecord[] = [];
  for (const item of value as unknown[]) {
    const record = parseRecord(item);
    if (!record) return undefined;
    records.push(record);
  }
  return { type: 'log', records };
}

function parseRecord(value: unknown): LogRecord | undefined {
  if (!isFields(value)) return undefined;
  const { time, message, source, pid, fields } = value;
  const level = LOG_LEVELS.find((known) => known === value['level']);
  if (!isAmount(time) || time > MAX_TIME || level === undefined) return undefined;
  if (!isText(message) || !isText(source) || !isCount(pid)) return undefined;
  if (!isFields(fields)) return undefined;
  return { time, level, message, source, pid, fields: isSmall(fields) ? fields : LEFT_OUT };
}

/** The last instant of a Date, milliseconds (ECMA-262 §21.4.1.1). */
const MAX_TIME = 8.64e15;
/** Limits on the fields of one record; those of honest workers are flat, or contain one list. */
const MAX_DEPTH = 4;
const MAX_PARTS = 1000;

const LEFT_OUT: Fields = { fields: 'left out: they are too many, too long or too deep' };

/**
 * Whether depth, number and total text of the fields are within limits. They come from msgpack, so they contain no
 * cycle.
 */
function isSmall(fields: Fields): boolean {
  let parts = 0;
  let text = 0;
  const fits = (value: unknown, depth: number): boolean => {
    parts += 1;
    if (typeof value === 'string') text += value.length;
    if (parts > MAX_PARTS || text > MAX_TEXT) return false;
    if (typeof value !== 'object' || value === null) return true;
    // Bytes are written as a map of their octets.
    if (depth >= MAX_DEPTH || ArrayBuffer.isView(value)) return false;
    return Object.entries(value).every(([name, part]) => {
      text += name.length;
      return fits(part, depth + 1);
    });
  };
  return fits(fields, 0);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isCount(value: unknown): value is number {
  return isAmount(value) && Number.isSafeInteger(value);
}

/** Not empty: an honest worker does not send an empty list. */
function isIds(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.length <= MAX_ITEMS && value.every(isCount);
}
