import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../config/config.js';
import { IngestHandle } from '../../crl/ingest-handle.js';
import { CrlStore } from '../../crl/store/crl-store.js';
import { keepsDer } from '../../crl/store/der-files.js';
import { environmentPath, identityOf } from '../../crl/store/environment-files.js';
import { codeOf, PkixdError } from '../../errors.js';
import { workerCredentials } from '../../supervisor/host/credentials.js';
import type { CrlSummary } from '../../wire/ingest.js';
import { nameText } from '../verify/certificate-facts.js';
import { note, printable, type Context } from '../context.js';
import { CONFIG_FLAG, configFor, optionFlags, type Arguments } from '../flags.js';
import { readName } from '../../x509/name.js';
import { DerReader } from '../../x509/der.js';

/** Flags of every command that opens the store. */
export const STORE_FLAGS = { ...CONFIG_FLAG, ...optionFlags(['data.directory']) };

/** The store for a command. */
export interface OpenedStore {
  readonly config: Config;
  readonly store: CrlStore;
  /** Problems that reading has found so far. */
  readonly troubles: readonly string[];
}

/** Runs `use` with the store opened for reading; throws NO_STORE if there is none. */
export async function withStore<T>(
  context: Context,
  args: Arguments,
  use: (opened: OpenedStore) => T | Promise<T>,
): Promise<T> {
  const config = configFor(context, args);
  const dataDirectory = config['data.directory'];
  if (storeIdentity(dataDirectory) === undefined) {
    throw new PkixdError(
      'NO_STORE',
      `there is no CRL store in ${dataDirectory}; the server makes it when it starts, and "pkixd crl import" does; name another folder with --data.directory or --config`,
    );
  }
  becomeWorker(config);
  const troubles: string[] = [];
  const report = (message: string): void => {
    troubles.push(message);
    note(context, `warning: ${printable(message)}`);
  };
  const store = new CrlStore({ dataDirectory, now: Date.now, report });
  try {
    return await use({ config, store, troubles });
  } finally {
    await store.close();
  }
}

/** Undefined if there is no store. Throws NO_PERMISSION if this user may not read it. */
function storeIdentity(dataDirectory: string): string | undefined {
  try {
    return identityOf(environmentPath(dataDirectory));
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
    const uid = process.geteuid?.() ?? 'unknown';
    throw new PkixdError(
      'NO_PERMISSION',
      `user ${uid} may not read the CRL store in ${dataDirectory}: run this as the user of the server's workers`,
      { cause: error },
    );
  }
}

/** ms that opening the store may take; an operator waits for it, not a request. */
const OPEN_TIMEOUT_MS = 20_000;
/** ms that unfinished work gets to end. */
const CLOSE_TIMEOUT_MS = 5000;

/**
 * Runs `use` with the store opened for writing, also while a server writes to it; creates it if there is none. A store
 * that cannot be written within the time is an error and ends the process, whose thread hangs in a lock.
 */
export async function withWriter<T>(
  context: Context,
  config: Config,
  use: (ingest: IngestHandle) => Promise<T>,
): Promise<T> {
  becomeWorker(config);
  const ingest = new IngestHandle({
    entry: new URL('../../thread/ingest.js', import.meta.url),
    dataDirectory: config['data.directory'],
    maxBytes: config['crl.maxStoreSize'],
    keepsDer: keepsDer(config),
    budget: config['crl.ingestTimeout'],
    log: (level, message) => {
      note(context, printable(level === 'warn' ? `warning: ${message}` : message));
    },
    onStuck: (reason) => {
      note(context, printable(reason));
    },
  });
  try {
    await Promise.race([ingest.ready, delay(OPEN_TIMEOUT_MS, undefined, { ref: false })]);
    return await use(ingest);
  } finally {
    if (!(await ingest.close(CLOSE_TIMEOUT_MS))) {
      note(context, 'the CRL store is held by another process, which may be stopped: giving up');
      process.kill(process.pid, 'SIGTERM');
    }
  }
}

/** Files that root creates here must be usable by the workers' account. */
export function becomeWorker(config: Config): void {
  if (process.getuid?.() !== 0) return;
  const account = workerCredentials(config['workers.user'], config['workers.group']);
  if (account === undefined) return;
  process.setgroups?.([account.gid]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}

/** The CRLs that match a text: the start of a key, the source, or a part of the issuer's name. */
export function chooseCrls(store: CrlStore, wanted: string): readonly CrlSummary[] {
  const all = store.list();
  const lower = wanted.toLowerCase();
  const tests: ((crl: CrlSummary) => boolean)[] = [
    ({ source }) => source === wanted,
    ({ key }) => lower.length >= 4 && key.startsWith(lower),
    (crl) => issuerText(crl).toLowerCase().includes(lower),
  ];
  for (const test of tests) {
    const found = all.filter(test);
    if (found.length > 0) return found;
  }
  throw new PkixdError(
    'NO_SUCH_CRL',
    `the store holds no CRL whose key begins with "${wanted}", that came from there, or whose issuer's name has it; "pkixd crl list" shows them`,
  );
}

export function issuerText({ issuer }: Pick<CrlSummary, 'issuer'>): string {
  return printable(nameText(readName(new DerReader(issuer), 'issuer')));
}
