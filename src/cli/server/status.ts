import { PkixdError } from '../../errors.js';
import type {
  LatencyRow,
  ListenerStatus,
  Replacement,
  ServerStatus,
  WorkerStatus,
} from '../../wire/control.js';
import type { WorkerStatistics } from '../../wire/ipc.js';
import type { Command } from '../command.js';
import { print } from '../context.js';
import { HEALTH_EXIT, healthOf } from './health-state.js';
import { askServer, SERVER_FLAGS } from './server-call.js';
import { watch } from './watch.js';
import { formatAge, formatMemory, formatTable, type Column } from '../table.js';

export const status: Command = {
  flags: {
    ...SERVER_FLAGS,
    json: { type: 'boolean', describe: 'One JSON object in place of the tables' },
    watch: { alias: 'w', type: 'boolean', describe: 'Repeat every two seconds, until Ctrl-C' },
  },
  examples: [
    ['$0 status --json', 'the same for programs'],
    ['$0 status --watch', 'follow it'],
  ],
  async run(context, args) {
    const ask = (): Promise<unknown> => askServer(context, args, { command: 'status' });
    const show = (result: unknown): string =>
      args['json'] === true ? JSON.stringify(result) : describe(result);
    if (args['watch'] === true) {
      await watch(context, WATCH_PERIOD, async () => show(await ask()));
      return 0;
    }
    const result = await ask();
    print(context, show(result));
    return isStatus(result) ? HEALTH_EXIT[healthOf(result).state] : 0;
  },
};

/** Milliseconds. */
const WATCH_PERIOD = 2000;

function describe(result: unknown): string {
  if (isStatus(result)) return describeStatus(result);
  throw new PkixdError(
    'BAD_ANSWER',
    'the server is of another release and its status has another form; try --json',
  );
}

export function isStatus(value: unknown): value is ServerStatus {
  if (typeof value !== 'object' || value === null) return false;
  const { workers, listeners, version }: Partial<Record<keyof ServerStatus, unknown>> = value;
  return Array.isArray(workers) && Array.isArray(listeners) && typeof version === 'string';
}

export function describeStatus(server: ServerStatus): string {
  const {
    version,
    state,
    pid,
    uptime,
    node,
    workers,
    scale,
    scaling,
    restarts,
    pending,
    rss,
    listeners,
    replaced,
    latencies,
  } = server;
  const ready = workers.filter((worker) => worker.state === 'ready').length;
  return [
    `pkixd ${version}: ${state}, pid ${pid}, up ${formatAge(uptime)}, Node ${node}`,
    `${ready} of ${scale} workers ready${scaling === 'auto' ? ' (by load)' : ''}, ${restarts} restarts, ${pending} connections pending, primary ${formatMemory(rss)}`,
    '',
    formatTable(LISTENER_COLUMNS, listeners),
    ...refusalLines(listeners),
    '',
    formatTable(WORKER_COLUMNS, workers),
    ...redisLines(workers),
    ...(latencies.length > 0
      ? ['', 'Latency over the last one to two minutes, ms', formatTable(LATENCY_COLUMNS, latencies)]
      : []),
    ...(replaced.length > 0 ? ['', formatTable(REPLACEMENT_COLUMNS, replaced)] : []),
  ].join('\n');
}

/** Why clients got BUSY instead of a worker. */
function refusalLines(listeners: readonly ListenerStatus[]): readonly string[] {
  return listeners.flatMap(({ name, refusedFor = {} }) => {
    const reasons = Object.entries(refusedFor).map(([reason, count]) => `${count} ${reason}`);
    return reasons.length === 0 ? [] : [`refused at ${name}: ${reasons.join(', ')}`];
  });
}

/** The counters of Redis over all workers; no line without Redis. */
function redisLines(workers: readonly WorkerStatus[]): readonly string[] {
  const counts = workers.flatMap(({ services = {} }) => ('redisUp' in services ? [services] : []));
  if (counts.length === 0) return [];
  const sum = (name: string): number => counts.reduce((total, each) => total + (each[name] ?? 0), 0);
  const said = Object.entries(REDIS_COUNTS).map(([name, what]) => `${sum(name)} ${what}`);
  return ['', `Redis: up in ${sum('redisUp')} of ${counts.length} workers; ${said.join(', ')}`];
}

/** The counters since the workers' start. */
const REDIS_COUNTS = {
  redisHits: 'downloads spared',
  redisMisses: 'made',
  redisPublished: 'published',
  redisAnnounced: 'announcements',
  redisRefused: 'CRLs refused',
  redisErrors: 'errors',
};

const LISTENER_COLUMNS: readonly Column<ListenerStatus>[] = [
  // A listener without a name has its address as name.
  {
    title: 'LISTENER',
    align: 'left',
    cell: (l) => (l.name === l.address ? l.name : `${l.name} ${l.address}`),
  },
  { title: 'PROTOCOL', align: 'left', cell: (l) => l.protocol },
  { title: 'ACCEPTED', align: 'right', cell: (l) => l.accepted },
  { title: 'REFUSED', align: 'right', cell: (l) => l.refused },
  { title: 'BACKLOG', align: 'right', cell: (l) => l.backlog ?? '-' },
  { title: 'PROBE', align: 'right', cell: (l) => describeProbe(l.probe) },
];

const LATENCY_COLUMNS: readonly Column<LatencyRow>[] = [
  { title: 'PROTOCOL', align: 'left', cell: (l) => l.protocol },
  { title: 'STEP', align: 'left', cell: (l) => l.step },
  { title: 'REQUESTS', align: 'right', cell: (l) => l.count },
  ...(['p50', 'p90', 'p99', 'p999', 'max'] as const).map((quantile): Column<LatencyRow> => ({
    title: quantile.toUpperCase(),
    align: 'right',
    cell: (l) => formatMilliseconds(l[quantile]),
  })),
];

function describeProbe(probe: ListenerStatus['probe']): string {
  if (probe === null) return '-';
  return probe.failure ?? `${formatMilliseconds(probe.took)}ms`;
}

/** Three digits, or as many as there are before the point. */
function formatMilliseconds(value: number): string {
  return value.toFixed([1, 10, 100].filter((limit) => value < limit).length);
}

const WORKER_COLUMNS: readonly Column<WorkerStatus>[] = [
  { title: 'WORKER', align: 'right', cell: (w) => w.worker },
  { title: 'STATE', align: 'left', cell: (w) => w.state },
  { title: 'PID', align: 'right', cell: (w) => w.pid },
  { title: 'RELEASE', align: 'left', cell: (w) => w.version ?? '-' },
  { title: 'UP', align: 'right', cell: (w) => formatAge(w.uptime) },
  { title: 'LAST PONG', align: 'right', cell: (w) => (w.statistics ? formatAge(w.lastPong) : '-') },
  statistic('OPEN', (s) => s.openConnections),
  statistic('ACTIVE', (s) => s.activeConnections),
  statistic('SERVED', (s) => s.handledConnections),
  statistic('REQUESTS', (s) => s.handledRequests),
  statistic('ERRORS', (s) => s.errors),
  statistic('BUSY', (s) => s.busy),
  statistic('TIMEOUT', (s) => s.timeouts),
  statistic('IN FLIGHT', (s) => s.inFlight),
  statistic('QUEUE', (s) => s.queueDepth),
  statistic('WAITING', (s) => s.waiting),
  statistic('CACHED', (s) => formatShare(s.cacheHits, s.cacheHits + s.cacheMisses)),
  statistic('WAIT', (s) => formatAge(s.oldestWait)),
  statistic('THREADS', (s) => `${s.busyThreads}/${s.threads}`),
  statistic('LOOP', (s) => `${Math.round(s.eventLoopUtilization * 100)}%`),
  statistic('RSS', (s) => formatMemory(s.rss)),
  statistic('ANON', (s) => formatMemory(s.anonymousRss)),
];

const REPLACEMENT_COLUMNS: readonly Column<Replacement>[] = [
  { title: 'REPLACED', align: 'right', cell: (r) => r.worker },
  { title: 'PID', align: 'right', cell: (r) => r.pid },
  { title: 'AGO', align: 'right', cell: (r) => formatAge(r.ago) },
  { title: 'WHY', align: 'left', cell: (r) => r.why },
];

/** `87%`: the share of hits; `-` before the first look-up. */
function formatShare(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.round((part / whole) * 100)}%`;
}

/** A column with a value of the last pong; `-` before the first. */
function statistic(
  title: string,
  cell: (statistics: WorkerStatistics) => string | number,
): Column<WorkerStatus> {
  return { title, align: 'right', cell: (w) => (w.statistics ? cell(w.statistics) : '-') };
}
