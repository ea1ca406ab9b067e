import { chownSync, existsSync } from 'node:fs';
import { messageOf, PkixdError } from '../../errors.js';
import type { Credentials } from './credentials.js';
import { makeDirectory } from './make-directory.js';

/** `data.directory` cannot be made. */
class DataDirectoryError extends PkixdError {
  constructor(directory: string, why: string) {
    super('DATA_DIRECTORY', `data.directory "${directory}" cannot be made: ${why}`);
  }
}

/** Makes `data.directory` if it is missing, and gives it to the workers' account; only workers write to it. */
export function makeDataDirectory(directory: string, account: Credentials | undefined): void {
  if (existsSync(directory)) return;
  try {
    makeDirectory(directory, 0o700);
    if (account !== undefined) chownSync(directory, account.uid, account.gid);
  } catch (error) {
    throw new DataDirectoryError(directory, messageOf(error));
  }
}
