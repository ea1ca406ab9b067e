import { accessSync, constants, existsSync, lstatSync, statfsSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../errors.js';
import type { Credentials } from './credentials.js';
import { self } from './directory-trust.js';

const WRITE_AND_SEARCH = 0o3;
const ROOT = 0;

/**
 * Why processes of this account cannot make files in this directory; `undefined` if they can. The directory may be
 * missing: the primary makes it and its parents.
 */
export function directoryProblem(path: string, account: Credentials = self()): string | undefined {
  const found = nearestExisting(path);
  const isThere = found === path;
  const stats = statSync(found, { throwIfNoEntry: false });
  if (stats === undefined) return `${found} is a link to a file that does not exist; remove it`;
  if (!stats.isDirectory()) {
    return isThere ? 'it is not a directory' : `it cannot be made: ${found} is not a directory`;
  }
  // The primary gives a directory that it makes to the account.
  const maker = isThere ? account : self();
  const why = maker.uid === self().uid ? ownAccessProblem(found) : accessProblem(stats, maker);
  if (why === undefined) return undefined;
  const where = isThere ? '' : `it cannot be made in ${found}: `;
  return `${where}${why}`;
}

/** Octets that this process may still write on the file system of a directory, which may be missing. */
export function freeSpace(path: string): number {
  const { bavail, bsize } = statfsSync(nearestExisting(path));
  return bavail * bsize;
}

/** The directory itself, or its nearest parent that exists. A link counts as existing, wherever it leads. */
function nearestExisting(path: string): string {
  if (existsSync(path) || isLink(path)) return path;
  const parent = dirname(path);
  return parent === path ? path : nearestExisting(parent);
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    // It is missing, or a parent is a file.
    return false;
  }
}

/** Asks the system, which knows of read-only file systems, access lists and capabilities. */
function ownAccessProblem(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EROFS') return 'its file system is read-only';
    return `user ${self().uid} may not write there (${String(code)}); change its owner or mode`;
  }
}

function accessProblem({ uid, gid, mode }: Stats, account: Credentials): string | undefined {
  if (account.uid === ROOT) return undefined;
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  if (((mode >> shift) & WRITE_AND_SEARCH) === WRITE_AND_SEARCH) return undefined;
  const owner = `it belongs to user ${uid}, mode ${(mode & 0o7777).toString(8)}`;
  return `user ${account.uid} may not write there: ${owner}; run chown ${account.uid}:${account.gid} on it`;
}
