import { once } from 'node:events';
import { existsSync, lstatSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { formatAddress } from '../config/address.js';
import type { Config, ListenerConfig } from '../config/config.js';
import { codeOf, messageOf } from '../errors.js';
import { type Credentials, findGroup, findUser, workerCredentials } from './host/credentials.js';
import { directoryProblem, freeSpace } from './host/usable-directory.js';

/** Octets that a new store needs for its first pages and a first CRL. */
const MIN_FREE_SPACE = 4 * 1024 * 1024;

/**
 * What the configuration needs and the host lacks: accounts, directories, free space, places of sockets. One line each,
 * with the option's key. `start` and `start --check` use the same checks; without them a start would fail later, in
 * workers, again and again.
 */
export function hostProblems(config: Config, dataFile: string): readonly string[] {
  const { problems, account } = checkAccounts(config);
  for (const listener of config.listeners) {
    const { group } = listener;
    const why = group === '' ? undefined : problemOf(() => findGroup(group));
    if (why !== undefined) problems.push(`${nameOf(listener)}: group: ${why}`);
  }
  problems.push(...checkDirectories(config, account), ...checkSpace(config, dataFile));
  for (const listener of config.listeners) {
    const why = socketProblem(listener, config['run.directory']);
    if (why !== undefined) problems.push(`${nameOf(listener)}: ${why}`);
  }
  return problems;
}

/** Addresses that this host cannot bind. An address in use is not among them; it is passed to `inUse`. */
export async function addressProblems(config: Config, inUse: (address: string) => void): Promise<string[]> {
  const problems: string[] = [];
  for (const listener of config.listeners) {
    const { address } = listener;
    if (address.kind === 'unix') continue;
    const text = formatAddress(address);
    const code = await bindProblem(address.host, address.port);
    if (code === undefined) continue;
    if (code === 'EADDRINUSE') inUse(text);
    else problems.push(`${nameOf(listener)}: ${text}: ${BIND_PROBLEMS[code] ?? code}`);
  }
  return problems;
}

const BIND_PROBLEMS: Readonly<Record<string, string>> = {
  EACCES:
    'this user may not listen on that port; choose one from 1024, or start pkixd with CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this host does not have the address; choose one of its own, or 0.0.0.0 for all',
  ENOTFOUND: 'the host name cannot be resolved; correct it, or write the IP address',
  EAI_AGAIN: 'the host name cannot be resolved now (no answer from DNS); write the IP address',
  EAFNOSUPPORT: 'this host does not support addresses of that family',
};

/** A listener without a name has its address as name, which the problem contains anyway. */
function nameOf({ name, address }: ListenerConfig): string {
  return name === formatAddress(address) ? 'listeners' : `listeners ${name}`;
}

function checkAccounts(config: Config): { problems: string[]; account: Credentials | undefined } {
  const { 'workers.user': user, 'workers.group': group } = config;
  const problems: string[] = [];
  const userProblem = user === '' ? undefined : problemOf(() => findUser(user));
  const groupProblem = group === '' ? undefined : problemOf(() => findGroup(group));
  if (userProblem !== undefined) problems.push(`workers.user: ${userProblem}`);
  if (groupProblem !== undefined) problems.push(`workers.group: ${groupProblem}`);
  if (problems.length > 0) return { problems, account: undefined };
  let account: Credentials | undefined;
  const why = problemOf(() => {
    account = workerCredentials(user, group);
  });
  if (why !== undefined) problems.push(why);
  return { problems, account };
}

function checkDirectories(config: Config, account: Credentials | undefined): string[] {
  const wanted = [
    ['run.directory', undefined],
    ['log.directory', undefined],
    ['data.directory', account],
  ] as const;
  return wanted.flatMap(([key, writer]) => {
    const why = directoryProblem(config[key], writer);
    return why === undefined ? [] : [`${key}: "${config[key]}": ${why}`];
  });
}

/** The store's file is mapped into memory: writing a page that the disk has no room for ends the process. */
function checkSpace(config: Config, dataFile: string): string[] {
  const directory = config['data.directory'];
  if (existsSync(join(directory, dataFile)) || directoryProblem(directory) !== undefined) return [];
  const free = freeSpace(directory);
  if (free >= MIN_FREE_SPACE) return [];
  const [has, needs] = [free, MIN_FREE_SPACE].map((octets) => Math.floor(octets / 1024));
  return [
    `data.directory: "${directory}": its file system has ${has} KiB left and a new CRL store needs ${needs} KiB; free some space or choose another directory`,
  ];
}

/** @param made the directory that the primary makes before it listens */
function socketProblem({ address }: ListenerConfig, made: string): string | undefined {
  if (address.kind !== 'unix') return undefined;
  const { path } = address;
  const folder = dirname(path);
  if (!existsSync(folder) && folder !== made)
    return `the directory of the socket ${path} does not exist; make ${folder}`;
  const why = folder === made ? undefined : directoryProblem(folder);
  if (why !== undefined) return `the directory of the socket ${path}: ${why}`;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSocket()) return undefined;
  return `${path} exists and is not a socket; remove it or choose another path`;
}

/** The code of the error; undefined where the address can be bound. */
async function bindProblem(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return typeof code === 'string' ? code : messageOf(error);
  } finally {
    server.close();
  }
}

function problemOf(look: () => unknown): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
