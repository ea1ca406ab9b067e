import { availableParallelism } from 'node:os';
import { LOG_LEVELS } from '../log.js';
import { REVOCATION_MODES } from '../revocation-mode.js';

/**
 * Every option with a single value, once: its type, unit, default and one line of help. The configuration file,
 * `PKIXD_*` variables, flags, `--help` and docs/configuration.md all come from here. Listeners and profiles are
 * lists and have tables of their own beside this one.
 */
interface OptionOf<Type extends string, Value> {
  readonly type: Type;
  /** Absent: the option may be left unset. */
  readonly default: Value;
  readonly text: string;
}
type IntegerOption = OptionOf<'integer', number> & {
  readonly unit: string;
  /** The help text for a default that depends on the machine. */
  readonly defaultText?: string;
  readonly min: number;
  readonly max: number;
};
/** Milliseconds in the program; `250ms`, `10s`, `5m`, `1h`, `7d` or a number of milliseconds in the file. */
type DurationOption = OptionOf<'duration', number> & { readonly min: number; readonly max: number };
/** Bytes in the program; `64KiB`, `8MiB`, `1GiB` or a number of bytes in the file. */
type SizeOption = OptionOf<'size', number> & { readonly min: number; readonly max: number };
type PathOption = OptionOf<'path', string>;
type OptionalPathOption = OptionOf<'optionalPath', string | null>;
type StringOption = OptionOf<'string', string>;
/** Empty when unset. */
type OptionalStringOption = OptionOf<'optionalString', string>;
type ListOption = OptionOf<'list', readonly string[]>;
/** Entries as `parseAllowedDestination` reads them; may be empty. */
type DestinationsOption = OptionOf<'destinations', readonly string[]>;
/** Names of hosts, lower case, as `isHostPattern` takes them; may be empty. */
type HostsOption = OptionOf<'hosts', readonly string[]>;
/** `none`, `environment` or a URL. */
type ProxyOption = OptionOf<'proxy', string>;
/** A URL as `parseRedisUrl` reads it, which may hold a password; empty when unset. */
type RedisOption = OptionOf<'redis', string>;
/** `true` or `false`. */
type SwitchOption = OptionOf<'switch', boolean>;
type ChoiceOption = OptionOf<'choice', string> & { readonly choices: readonly string[] };

export type Option =
  | IntegerOption
  | DurationOption
  | SizeOption
  | PathOption
  | OptionalPathOption
  | StringOption
  | OptionalStringOption
  | ListOption
  | DestinationsOption
  | HostsOption
  | ProxyOption
  | RedisOption
  | SwitchOption
  | ChoiceOption;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KIB = 1024;
const MIB = 1024 * KIB;

export const OPTIONS = {
  'workers.count': {
    type: 'integer',
    unit: 'processes',
    default: availableParallelism(),
    defaultText: 'the number of cores',
    min: 1,
    max: 256,
    text: 'Worker processes.',
  },
  'workers.user': {
    type: 'optionalString',
    default: '',
    text: 'The user whose rights the workers have, by name or number; needs a primary started by root, whose rights they have otherwise.',
  },
  'workers.group': {
    type: 'optionalString',
    default: '',
    text: 'The group of the workers, by name or number; that of workers.user when unset.',
  },
  'workers.scaling': {
    type: 'choice',
    choices: ['fixed', 'auto'],
    default: 'fixed',
    text: '`auto`: workers are added and drained by load, from workers.count on.',
  },
  'workers.min': {
    type: 'integer',
    unit: 'processes',
    default: 1,
    min: 1,
    max: 256,
    text: 'The fewest workers that scaling by load leaves.',
  },
  'workers.max': {
    type: 'integer',
    unit: 'processes',
    default: availableParallelism(),
    defaultText: 'the number of cores',
    min: 1,
    max: 256,
    text: 'The most workers that scaling by load makes.',
  },
  'workers.bootTimeout': {
    type: 'duration',
    default: 30 * SECOND,
    min: SECOND,
    max: HOUR,
    text: 'How long a worker may take from its fork until it is ready; then it is killed and replaced.',
  },
  'workers.warmUp': {
    type: 'duration',
    default: 900,
    min: 0,
    max: MINUTE,
    text: 'How long a worker and each of its threads run built-in requests, at most, before they are ready, so that no client waits for code that is not compiled yet. 0: not at all.',
  },
  'workers.pingInterval': {
    type: 'duration',
    default: SECOND,
    min: 50,
    max: HOUR,
    text: 'How often each worker is asked for its health and statistics.',
  },
  'workers.pingTimeout': {
    type: 'duration',
    default: 10 * SECOND,
    min: 100,
    max: HOUR,
    text: 'A worker silent for longer than this is killed and replaced.',
  },
  'workers.restartLimit': {
    type: 'integer',
    unit: 'deaths',
    default: 5,
    min: 1,
    max: 1000,
    text: 'Early deaths of workers within workers.restartWindow above which the server calls itself degraded.',
  },
  'workers.restartWindow': {
    type: 'duration',
    default: MINUTE,
    min: SECOND,
    max: DAY,
    text: 'The window in which workers.restartLimit counts.',
  },
  'workers.restartBackoff': {
    type: 'duration',
    default: 200,
    min: 1,
    max: HOUR,
    text: 'Wait before the second replacement in a row; doubles with each further one, up to 30 s.',
  },
  'workers.maxRss': {
    type: 'size',
    default: 2048 * MIB,
    min: 0,
    max: 1024 * 1024 * MIB,
    text: 'Anonymous memory beyond which a worker is replaced: a new one gets ready, then it drains. 0: any amount.',
  },
  'threads.count': {
    type: 'integer',
    unit: 'threads a worker',
    default: 1,
    min: 1,
    max: 64,
    text: 'Task threads in each worker.',
  },
  'threads.scaling': {
    type: 'choice',
    choices: ['fixed', 'auto'],
    default: 'fixed',
    text: '`auto`: each worker adds and ends task threads by load, from threads.count on.',
  },
  'threads.min': {
    type: 'integer',
    unit: 'threads a worker',
    default: 1,
    min: 1,
    max: 64,
    text: 'The fewest task threads that scaling by load leaves.',
  },
  'threads.max': {
    type: 'integer',
    unit: 'threads a worker',
    default: 4,
    min: 1,
    max: 64,
    text: 'The most task threads that scaling by load makes.',
  },
  'threads.spare': {
    type: 'switch',
    default: true,
    text: 'Whether each worker keeps one task thread more than it uses, ready to take over where a task takes long, a thread ends or one more is wanted.',
  },
  'threads.batch': {
    type: 'integer',
    unit: 'tasks',
    default: 32,
    min: 1,
    max: 1024,
    text: 'The most tasks a thread takes from the queue at once.',
  },
  'threads.taskTimeout': {
    type: 'duration',
    default: 5 * SECOND,
    min: 10,
    max: HOUR,
    text: 'How long one task may run in a thread; then the thread is replaced and the request answered TIMEOUT.',
  },
  'queue.max': {
    type: 'integer',
    unit: 'requests a worker',
    default: 4096,
    min: 1,
    max: 1_000_000,
    text: 'Requests waiting for a thread, a large one counted several times; beyond it BUSY goes to the clients with most of them.',
  },
  'cache.max': {
    type: 'integer',
    unit: 'verdicts a worker',
    default: 8192,
    min: 0,
    max: 10_000_000,
    text: 'Verdicts kept for requests that come again while nothing they rest on has changed; 0 keeps none.',
  },
  'cache.maxSize': {
    type: 'size',
    default: 16 * MIB,
    min: 0,
    max: 1024 * 1024 * MIB,
    text: 'What a worker holds of kept verdicts, and of the requests that they answer; 0 keeps none.',
  },
  'pending.max': {
    type: 'integer',
    unit: 'connections',
    default: 1024,
    min: 0,
    max: 1_000_000,
    text: 'Accepted connections that may wait in the primary for a worker; beyond it clients get BUSY.',
  },
  'pending.maxWait': {
    type: 'duration',
    default: 5 * SECOND,
    min: 10,
    max: HOUR,
    text: 'How long a connection may wait in the primary for a worker before it gets BUSY.',
  },
  'handover.timeout': {
    type: 'duration',
    default: SECOND,
    min: 50,
    max: HOUR,
    text: 'How long a worker may take to acknowledge a connection before it is asked to give it back.',
  },
  'connection.max': {
    type: 'integer',
    unit: 'connections a worker',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    text: 'Open connections of one worker; beyond it the worker passes a new one back.',
  },
  'connection.helloTimeout': {
    type: 'duration',
    default: 3 * SECOND,
    min: 10,
    max: HOUR,
    text: 'How long a new TLS connection may take until its whole ClientHello is there.',
  },
  'connection.tlsTimeout': {
    type: 'duration',
    default: 5 * SECOND,
    min: 10,
    max: HOUR,
    text: 'How long the TLS handshake may take from the ClientHello on.',
  },
  'connection.maxHandshakes': {
    type: 'integer',
    unit: 'ClientHellos a worker',
    default: 32,
    min: 1,
    max: 10_000,
    text: 'ClientHellos that one worker answers at once; further ones wait, under connection.tlsTimeout. Clients that are silent take no place.',
  },
  'connection.firstByteTimeout': {
    type: 'duration',
    default: 10 * SECOND,
    min: 10,
    max: DAY,
    text: 'How long a new connection may stay silent.',
  },
  'connection.requestTimeout': {
    type: 'duration',
    default: 30 * SECOND,
    min: 10,
    max: DAY,
    text: 'How long a request may take from its first byte to its terminator.',
  },
  'connection.idleTimeout': {
    type: 'duration',
    default: 5 * MINUTE,
    min: 10,
    max: DAY,
    text: 'How long a connection may stay silent between requests.',
  },
  'connection.maxInFlight': {
    type: 'integer',
    unit: 'requests a connection',
    default: 64,
    min: 1,
    max: 100_000,
    text: 'Unanswered requests of one connection at which its socket is no longer read until some are answered.',
  },
  'connection.maxPipelined': {
    type: 'integer',
    unit: 'requests a connection',
    default: 1024,
    min: 1,
    max: 1_000_000,
    text: 'Unanswered requests of one connection beyond which each further one is answered PIPELINE_LIMIT.',
  },
  'connection.maxAge': {
    type: 'duration',
    default: 0,
    min: 0,
    max: 30 * DAY,
    text: 'How old a connection may get: give or take a tenth, it is then ended behind its next answer, so that long-lived clients spread over new workers. 0: any age.',
  },
  'connection.maxRequests': {
    type: 'integer',
    unit: 'requests a connection',
    default: 0,
    min: 0,
    max: 1_000_000_000,
    text: 'Requests after which a connection is ended behind the answer to the last. 0: any number.',
  },
  'request.maxLine': {
    type: 'size',
    default: 64 * KIB,
    min: 128,
    max: 16 * MIB,
    text: 'The longest line of a request.',
  },
  'request.maxSize': {
    type: 'size',
    default: 8 * MIB,
    min: KIB,
    max: 1024 * MIB,
    text: 'The largest request.',
  },
  'request.maxHeld': {
    type: 'size',
    default: 256 * MIB,
    min: MIB,
    max: 1024 * 1024 * MIB,
    text: 'What a worker holds of unfinished requests, and again of waiting ones; beyond it clients get BUSY, those with the largest first.',
  },
  'request.maxCertificates': {
    type: 'integer',
    unit: 'certificates',
    default: 64,
    min: 1,
    max: 10_000,
    text: 'The most certificates in one request, trust anchors included.',
  },
  'request.maxCrls': {
    type: 'integer',
    unit: 'CRLs',
    default: 64,
    min: 0,
    max: 10_000,
    text: 'The most CRLs and OCSP responses in one request, counted together.',
  },
  'drain.timeout': {
    type: 'duration',
    default: 10 * SECOND,
    min: 0,
    max: HOUR,
    text: 'How long a stopping worker may take to answer what it has read; then it is killed.',
  },
  'probe.interval': {
    type: 'duration',
    default: 30 * SECOND,
    min: 0,
    max: DAY,
    text: 'How often the primary asks each of its listeners like a client would (connect, PING, answer); 0: never.',
  },
  'probe.timeout': {
    type: 'duration',
    default: 5 * SECOND,
    min: 10,
    max: HOUR,
    text: 'How long such an answer may take; beyond it there is a warning.',
  },
  'profile.default': {
    type: 'string',
    default: 'rfc5280',
    text: 'The profile of requests that name none.',
  },
  'profile.revocation': {
    type: 'choice',
    choices: REVOCATION_MODES,
    default: 'hard',
    text: 'What an unknown revocation status means, in profiles that do not say.',
  },
  'trust.anchors': {
    type: 'list',
    default: ['node'],
    text: 'Trust anchors of profiles that name none: `node` (the Mozilla roots in Node), `system`, files, folders.',
  },
  'trust.brokenAnchors': {
    type: 'choice',
    choices: ['stop', 'skip'],
    default: 'stop',
    text: 'A certificate among the anchors that cannot be read: `stop` refuses the configuration, `skip` leaves that one out and warns.',
  },
  'trust.leaf': {
    type: 'switch',
    default: false,
    text: 'Whether a certificate in question that is itself a trust anchor (a pinned peer) may be valid, in profiles that do not say.',
  },
  'crl.directory': {
    type: 'optionalPath',
    default: null,
    text: 'A folder of CRLs (DER or PEM: .crl, .der, .pem, HASH.r0), looked at again when it changes.',
  },
  'crl.rescan': {
    type: 'duration',
    default: 2 * SECOND,
    min: 0,
    max: DAY,
    text: 'How often crl.directory is looked at, at most.',
  },
  'crl.grace': {
    type: 'duration',
    default: DAY,
    min: 0,
    max: 365 * DAY,
    text: 'How long past its nextUpdate a CRL still serves in revocation mode `grace`.',
  },
  'crl.allow': {
    type: 'destinations',
    default: [],
    text: 'What CRLs may be fetched from beyond public addresses at ports 80 and 443.',
  },
  'crl.proxy': {
    type: 'proxy',
    default: 'environment',
    text: 'The HTTP proxy to fetch through; what NO_PROXY names is asked for directly.',
  },
  'crl.caFile': {
    type: 'optionalPath',
    default: null,
    text: "Certificates (DER or PEM) that vouch for https servers of CRLs, beside Node's own roots.",
  },
  'crl.fetchTimeout': {
    type: 'duration',
    default: 30 * SECOND,
    min: 100,
    max: HOUR,
    text: 'How long one fetch may take, its wait for a turn and its redirects included.',
  },
  'crl.stallTimeout': {
    type: 'duration',
    default: 10 * SECOND,
    min: 100,
    max: HOUR,
    text: 'A server that in any stretch of this length sends less than 512 bytes a second is given up.',
  },
  'crl.connectTimeout': {
    type: 'duration',
    default: 3 * SECOND,
    min: 50,
    max: HOUR,
    text: 'How long it may take to connect to a server of CRLs, all its addresses together.',
  },
  'crl.maxSize': {
    type: 'size',
    default: 64 * MIB,
    min: KIB,
    max: 1024 * MIB,
    text: 'The largest CRL that is fetched, as sent and as unpacked.',
  },
  'crl.maxRedirects': {
    type: 'integer',
    unit: 'redirects',
    default: 5,
    min: 0,
    max: 20,
    text: 'The most redirects that a fetch follows; each is checked like the first URL.',
  },
  'crl.maxParallel': {
    type: 'integer',
    unit: 'fetches a worker',
    default: 16,
    min: 1,
    max: 1000,
    text: 'Fetches that run at once; others wait their turn.',
  },
  'crl.maxParallelPerHost': {
    type: 'integer',
    unit: 'fetches a worker',
    default: 4,
    min: 1,
    max: 1000,
    text: 'Fetches that run at once from one host and port.',
  },
  'crl.retry': {
    type: 'duration',
    default: 10 * SECOND,
    min: 100,
    max: DAY,
    text: 'How long a URL that failed is left alone; doubles with each further failure, up to crl.maxRetry.',
  },
  'crl.maxRetry': {
    type: 'duration',
    default: 10 * MINUTE,
    min: 100,
    max: 7 * DAY,
    text: 'How long a URL is left alone after however many failures; a server may ask for up to a day.',
  },
  'crl.refresh': {
    type: 'duration',
    default: HOUR,
    min: 100,
    max: 30 * DAY,
    text: 'How often the source of a CRL in use is asked for a newer one; earlier when nextUpdate is near.',
  },
  'crl.maxWait': {
    type: 'duration',
    default: 10 * SECOND,
    min: 0,
    max: HOUR,
    text: 'How long a request may wait for CRLs to be fetched; then it is answered without. 0 fetches none for requests.',
  },
  'crl.maxWaiting': {
    type: 'integer',
    unit: 'requests a worker',
    default: 4096,
    min: 0,
    max: 1_000_000,
    text: 'Requests that may wait for CRLs at once; others are answered without.',
  },
  'crl.maxStoreSize': {
    type: 'size',
    default: 4096 * MIB,
    min: MIB,
    max: 32 * 1024 * MIB,
    text: 'What all CRLs of the store may take on disk; beyond it the least recently used go.',
  },
  'crl.ingestTimeout': {
    type: 'duration',
    default: MINUTE,
    min: SECOND,
    max: HOUR,
    text: 'How long it may take to store one CRL; then it is given up.',
  },
  'crl.redis': {
    type: 'redis',
    default: '',
    text: 'A Redis or Valkey that hosts share CRLs by; what comes from it is verified like any other.',
  },
  'crl.redisPrefix': {
    type: 'string',
    default: 'pkixd:',
    text: 'How the names of all keys and channels in Redis begin.',
  },
  'crl.redisTimeout': {
    type: 'duration',
    default: 500,
    min: 10,
    max: MINUTE,
    text: 'How long Redis may take to connect, to answer a command or to move 256 KiB; then it is left alone until it answers again.',
  },
  'crl.redisMaxWait': {
    type: 'duration',
    default: 3 * SECOND,
    min: 10,
    max: HOUR,
    text: "How long a fetch waits, for Redis and for another host that fetches the same, before it asks the CRL's own server.",
  },
  'aia.hosts': {
    type: 'hosts',
    default: [],
    text: 'Hosts that missing issuers are fetched from, where certificates name them (caIssuers); none: nothing is.',
  },
  'data.directory': {
    type: 'path',
    default: 'data',
    text: 'Where the CRL store lives, one of a host, read by all workers. With a configuration file under /etc the default is /var/lib/pkixd.',
  },
  'run.directory': {
    type: 'path',
    default: 'run',
    text: 'Where the control socket and the pid file live. With a configuration file under /etc the default is /run/pkixd.',
  },
  'log.directory': {
    type: 'path',
    default: 'logs',
    text: 'Where pkixd.log is written, one JSON object a line. With a configuration file under /etc the default is /var/log/pkixd.',
  },
  'log.maxSize': {
    type: 'size',
    default: 64 * MIB,
    min: 0,
    max: 1024 * 1024 * MIB,
    text: 'The size at which pkixd.log becomes pkixd.log.1 and is begun anew; 0: never, for sites that rotate it themselves.',
  },
  'log.keep': {
    type: 'integer',
    unit: 'files',
    default: 5,
    min: 1,
    max: 1000,
    text: 'How many older logs stay (pkixd.log.1 is the newest).',
  },
  'log.level': {
    type: 'choice',
    choices: LOG_LEVELS,
    default: 'info',
    text: 'How much is logged; `verbose` adds a line for each verdict.',
  },
} as const satisfies Record<string, Option>;

export type OptionKey = keyof typeof OPTIONS;

type ValueOf<O extends Option> = O extends { type: 'integer' | 'duration' | 'size' }
  ? number
  : O extends { type: 'list' | 'destinations' | 'hosts' }
    ? readonly string[]
    : O extends { type: 'optionalPath' }
      ? string | null
      : O extends { type: 'switch' }
        ? boolean
        : O extends { type: 'choice'; choices: readonly (infer C)[] }
          ? C
          : string;

/** The values of all options, under their dotted names. */
export type OptionValues = { readonly [K in OptionKey]: ValueOf<(typeof OPTIONS)[K]> };
