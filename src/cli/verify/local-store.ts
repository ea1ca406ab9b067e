import type { Config } from '../../config/config.js';
import type { CrlStore } from '../../crl/store/crl-store.js';
import { environmentPath, identityOf } from '../../crl/store/environment-files.js';
import { messageOf } from '../../errors.js';
import { note, printable, type Context } from '../context.js';

/** The host's CRL store for reading, if there is one. Warns if it cannot be read. */
export async function openLocalStore(config: Config, context: Context): Promise<CrlStore | undefined> {
  const dataDirectory = config['data.directory'];
  const report = (message: string): void => {
    note(context, `warning: ${printable(message)}`);
  };
  if (!isThere(dataDirectory, report)) return undefined;
  // Other commands need not load the native library of the database.
  const module = await import('../../crl/store/crl-store.js');
  return new module.CrlStore({ dataDirectory, isOnlyReader: true, now: Date.now, report });
}

function isThere(dataDirectory: string, report: (message: string) => void): boolean {
  const path = environmentPath(dataDirectory);
  try {
    return identityOf(path) !== undefined;
  } catch (error) {
    report(`the CRL store ${path} cannot be read: ${messageOf(error)}`);
    return false;
  }
}
