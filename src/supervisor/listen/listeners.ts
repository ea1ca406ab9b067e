import { once } from 'node:events';
import { lchownSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { formatAddress } from '../../config/address.js';
import type { ListenerConfig } from '../../config/config.js';
import { PkixdError, messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import { type ConnectionHandle, takeHandles } from '../../wire/connection-handle.js';
import type { InheritedSockets } from './inherited-sockets.js';
import type { BoundAddress } from './kernel-backlog.js';
import { findGroup } from '../host/credentials.js';
import { checkDirectory, DirectoryTrustError } from '../host/directory-trust.js';
import { placeOf } from '../generation.js';
import { listenUnix, UnixSocketError } from './unix-socket.js';

/** One listening socket of the primary, with its counters. */
export interface Listener {
  /** A reload may replace it. */
  config: ListenerConfig;
  /** See `placeOf`. */
  readonly place: string;
  /** As configured, but with the port that the system chose where 0 was asked for. */
  readonly address: string;
  /** Connections of clients accepted since the start. */
  accepted: number;
  /** Connections of the primary's own probe that were not accepted yet; they do not count as clients. */
  probes: number;
  /** Connections refused with BUSY since the start, by the reason. */
  readonly refused: Map<string, number>;
  readonly server: Server;
}

export type OnConnection = (handle: ConnectionHandle, listener: Listener) => void;

class ListenError extends PkixdError {}

/** The address that it is bound to, with the host name resolved; `undefined` once it is closed. */
export function boundTo({ server, config }: Listener): BoundAddress | undefined {
  if (config.address.kind === 'unix') return config.address;
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return undefined;
  return { kind: 'tcp', host: bound.address, port: bound.port };
}

/** Opens all of them, or none: after an error those opened already are closed again. */
export async function openListeners(
  configs: readonly ListenerConfig[],
  onConnection: OnConnection,
  log: Logger,
  inherited?: Pick<InheritedSockets, 'take'>,
): Promise<Listener[]> {
  warnOfShortBacklog(configs, log);
  const opened = new Map<ListenerConfig, Listener>();
  const servers = new Map(configs.map((config) => [config, inherited?.take(config)]));
  // Inherited sockets come first, before any await: their clients connect already and must be accepted.
  const order = configs.toSorted((one, other) => Number(!servers.get(one)) - Number(!servers.get(other)));
  try {
    for (const config of order)
      opened.set(config, await open(config, onConnection, log, servers.get(config)));
  } catch (error) {
    closeListeners([...opened.values()]);
    throw error;
  }
  return configs.flatMap((config) => opened.get(config) ?? []);
}

/**
 * Stops listening. Does not wait for `close`, which calls back only after the last connection has ended in any process.
 */
export function closeListeners(listeners: readonly Listener[]): void {
  for (const { server } of listeners) server.close();
}

/** @param inherited a server that listens already, in place of a new socket */
async function open(
  config: ListenerConfig,
  onConnection: OnConnection,
  log: Logger,
  inherited: Server | undefined,
): Promise<Listener> {
  const server = inherited ?? createServer();
  try {
    if (!inherited) await listen(server, config, (message) => log.warn(message));
  } catch (error) {
    throw error instanceof UnixSocketError || error instanceof DirectoryTrustError
      ? error
      : listenError(config, error);
  }
  const listener: Listener = {
    config,
    place: placeOf(config),
    address: boundAddress(server, config),
    accepted: 0,
    probes: 0,
    refused: new Map(),
    server,
  };
  server.on('error', (error) => {
    log.error('a listener failed to accept', { listener: listener.config.name, error: messageOf(error) });
  });
  takeHandles(server, (handle) => {
    // For the count it does not matter which connection is the probe's.
    if (listener.probes > 0) listener.probes -= 1;
    else listener.accepted += 1;
    onConnection(handle, listener);
  });
  return listener;
}

async function listen(
  server: Server,
  { address, mode, group, backlog }: ListenerConfig,
  warn: (message: string) => void,
): Promise<void> {
  if (address.kind === 'unix') {
    checkDirectory('the folder of a socket,', dirname(address.path), 'ADDRESS_FORBIDDEN', warn, 'sticky');
    const gid = group === '' ? undefined : findGroup(group);
    warnOfClosedFolder(address.path, mode, gid, warn);
    await listenUnix(server, address.path, mode, backlog);
    if (gid !== undefined) lchownSync(address.path, process.getuid?.() ?? 0, gid);
    return;
  }
  const listening = once(server, 'listening');
  server.listen({ host: address.host, port: address.port, backlog });
  await listening;
}

/** Warns if users may write to the socket but cannot reach it in its folder (path_resolution(7)). */
function warnOfClosedFolder(
  path: string,
  mode: number,
  gid: number | undefined,
  warn: (message: string) => void,
): void {
  const folder = dirname(path);
  const found = statSync(folder);
  const groupEnters = (found.mode & (found.gid === gid ? 0o011 : 0o001)) !== 0;
  const othersEnter = (found.mode & 0o001) !== 0;
  const who = [
    ...(gid !== undefined && (mode & 0o020) !== 0 && !groupEnters ? [`group ${gid}`] : []),
    ...((mode & 0o002) !== 0 && !othersEnter ? ['other users'] : []),
  ];
  if (who.length === 0) return;
  const rights = (found.mode & 0o777).toString(8).padStart(4, '0');
  warn(
    `the socket ${path} is meant for ${who.join(' and ')}, who cannot reach it: its folder has mode ${rights}; put the socket into a folder that they may enter`,
  );
}

function boundAddress(server: Server, { address }: ListenerConfig): string {
  const bound = server.address();
  if (address.kind === 'unix' || bound === null || typeof bound === 'string') return formatAddress(address);
  return formatAddress({ ...address, port: bound.port });
}

function listenError({ address }: ListenerConfig, error: unknown): ListenError {
  const text = formatAddress(address);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  if (code === 'EADDRINUSE') {
    return new ListenError(
      'ADDRESS_IN_USE',
      `another process listens on ${text}; stop it (pkixd stop) or choose another address`,
    );
  }
  if (code === 'EACCES') {
    return new ListenError(
      'ADDRESS_FORBIDDEN',
      `no permission to listen on ${text}; choose another port or folder`,
    );
  }
  return new ListenError('LISTEN_FAILED', `cannot listen on ${text}: ${messageOf(error)}`, { cause: error });
}

function warnOfShortBacklog(configs: readonly ListenerConfig[], log: Logger): void {
  const limit = readSomaxconn();
  const wanted = Math.max(0, ...configs.map(({ backlog }) => backlog));
  if (limit === undefined || limit >= wanted) return;
  log.warn(
    `the kernel cuts the backlog of ${wanted} to net.core.somaxconn = ${limit}; ` +
      `raise it with: sysctl net.core.somaxconn=${wanted}`,
  );
}

function readSomaxconn(): number | undefined {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  } catch {
    return undefined; // Not Linux, or /proc is hidden.
  }
}
