import type { Config } from '../../config/config.js';
import type { CrlStore } from '../../crl/store/crl-store.js';
import { environmentPath, identityOf } from '../../crl/store/environment-files.js';
import { messageOf } from '../../errors.js';
import { note, printable, type Context } from '../context.js';

/** The host's store of CRLs for reading alone, where there is one. One that cannot be read is warned of. */
export async function openLocalStore(config: Config, context: Context): Promise<CrlStore | undefined> {
  const dataDirectory = config['data.directory'];
  const report = (message: string): void => {
    note(context, `warning: ${printable(message)}`);
  };
  if (!isThere(dataDirectory, report)) return undefined;
  // The database is a native library that no other command should have to load.
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
