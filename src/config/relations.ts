import { join } from 'node:path';
import { AddressError, formatAddress, parseAddress } from './address.js';
import { CONTROL_SOCKET, type Config, type ListenerConfig, type Permission } from './config.js';
import { OPTIONS, type OptionKey } from './option-table.js';
import type { Findings } from './problems.js';
import { didYouMean } from './suggestion.js';
import { formatDuration, formatSize } from './units.js';

/** Descriptors that a process needs besides its connections: logs, pipes to workers, listeners, CRL files. */
const RESERVED_DESCRIPTORS = 128;

/** In each pair, the first must not exceed the second. */
const CRL_ORDER = [
  ['crl.connectTimeout', 'crl.stallTimeout'],
  ['crl.stallTimeout', 'crl.fetchTimeout'],
  ['crl.maxParallelPerHost', 'crl.maxParallel'],
  ['crl.retry', 'crl.maxRetry'],
  ['crl.redisTimeout', 'crl.redisMaxWait'],
] as const;

/** Checks relations between options that are each valid alone. Every problem quotes both sides. */
export function checkRelations(config: Config, findings: Findings): void {
  const show = (key: OptionKey): string => describe(config, key);
  if (config['workers.pingTimeout'] <= config['workers.pingInterval']) {
    findings.problem(
      'workers.pingTimeout',
      `${show('workers.pingTimeout')} must exceed ${show('workers.pingInterval')}`,
    );
  }
  for (const what of ['workers', 'threads'] as const) {
    if (config[`${what}.min`] <= config[`${what}.max`]) continue;
    findings.problem(`${what}.min`, `${show(`${what}.min`)} must not exceed ${show(`${what}.max`)}`);
  }
  if (config['connection.maxPipelined'] < config['connection.maxInFlight']) {
    findings.problem(
      'connection.maxPipelined',
      `${show('connection.maxPipelined')} must not be less than ${show('connection.maxInFlight')}`,
    );
  }
  if (config['request.maxSize'] < config['request.maxLine']) {
    findings.problem(
      'request.maxSize',
      `${show('request.maxSize')} must not be less than ${show('request.maxLine')}`,
    );
  }
  if (config['request.maxHeld'] < config['request.maxSize']) {
    findings.problem(
      'request.maxHeld',
      `${show('request.maxHeld')} must not be less than ${show('request.maxSize')}`,
    );
  }
  for (const [shorter, longer] of CRL_ORDER) {
    if (config[shorter] <= config[longer]) continue;
    findings.problem(shorter, `${show(shorter)} must not exceed ${show(longer)}`);
  }
  if (
    config['crl.redis'] !== '' &&
    config['crl.maxWait'] > 0 &&
    config['crl.redisMaxWait'] >= config['crl.maxWait']
  ) {
    findings.warn(
      'crl.redisMaxWait',
      `${show('crl.redisMaxWait')} is not less than ${show('crl.maxWait')}: requests may be answered without a CRL before its own server is asked`,
    );
  }
  if (config['drain.timeout'] < config['threads.taskTimeout']) {
    findings.warn(
      'drain.timeout',
      `${show('drain.timeout')} is less than ${show('threads.taskTimeout')}: a long task may be cut off when a worker stops`,
    );
  }
  checkDefaultProfile(config, findings);
  checkControlSocket(config, findings);
  for (const listener of config.listeners) warnOfExposure(listener, findings);
}

function describe(config: Config, key: OptionKey): string {
  const option = OPTIONS[key];
  const value = config[key];
  if (typeof value !== 'number') return `${key} (${String(value)})`;
  if (option.type === 'duration') return `${key} (${formatDuration(value)})`;
  return option.type === 'size' ? `${key} (${formatSize(value)})` : `${key} (${value})`;
}

function checkDefaultProfile(config: Config, findings: Findings): void {
  const name = config['profile.default'];
  if (Object.hasOwn(config.profiles, name)) return;
  const names = Object.keys(config.profiles);
  findings.problem(
    'profile.default',
    `there is no profile "${name}"${didYouMean(name, names)}; there are ${names.join(', ')}`,
  );
}

/** The control socket shares the length limit of UNIX sockets, and no listener may take its place. */
function checkControlSocket(config: Config, findings: Findings): void {
  const path = join(config['run.directory'], CONTROL_SOCKET);
  try {
    parseAddress(`unix:${path}`);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    findings.problem(
      'run.directory',
      `the control socket would be ${path}, and that is too long: ${error.message}`,
    );
  }
  const taken = config.listeners.find((l) => l.address.kind === 'unix' && l.address.path === path);
  if (taken) findings.problem('listeners', `"${taken.name}" has the path of the control socket, ${path}`);
}

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;
const TRUSTING: ReadonlySet<Permission> = new Set(['anchors', 'revocation', 'at']);

function warnOfExposure({ name, address, permits }: ListenerConfig, findings: Findings): void {
  if (address.kind === 'unix' || LOOPBACK.test(address.host)) return;
  const risky = permits.filter((permission) => TRUSTING.has(permission));
  if (risky.length === 0) return;
  findings.warn(
    'listeners',
    `"${name}" at ${formatAddress(address)} is open to other hosts and permits ${risky.join(', ')}: its clients decide what is trusted`,
  );
}

/**
 * Connections against the limit of open descriptors. A configured value beyond the limit is a problem; a default beyond
 * it is a warning, since the server refuses cleanly at the limit.
 */
export function checkDescriptors(
  config: Config,
  limit: number,
  isGiven: (key: OptionKey) => boolean,
  findings: Findings,
): void {
  const usable = limit - RESERVED_DESCRIPTORS;
  for (const key of ['connection.max', 'pending.max'] as const) {
    if (config[key] <= usable) continue;
    const message = `${config[key]} connections do not fit into the limit of ${limit} open files less ${RESERVED_DESCRIPTORS} of its own; raise it (ulimit -n, LimitNOFILE=) or set ${key} to at most ${Math.max(usable, 1)}`;
    if (isGiven(key)) findings.problem(key, message);
    else findings.warn(key, message);
  }
}
