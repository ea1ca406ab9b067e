import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, PkixdError } from '../../errors.js';

/** A release on disk: the script of its workers, and its version. */
export interface Release {
  readonly workerEntry: string;
  readonly version: string;
}

/**
 * The path by which this program was started, perhaps through links that may lead to a later release. It is known only
 * at the start. A path that leads elsewhere belongs to a wrapper; then the release never changes.
 */
export function findLauncher(candidates: readonly (string | undefined)[]): string {
  const own = realpathSync(fileURLToPath(new URL('../main.js', import.meta.url)));
  return candidates.find((path) => path !== undefined && leadsTo(path, own)) ?? own;
}

/** The release that the launcher's path leads to now, by its real path. */
export function releaseOf(launcher: string): Release {
  try {
    const commands = dirname(realpathSync(launcher));
    const workerEntry = join(commands, '../worker/main.js');
    if (!existsSync(workerEntry)) throw new Error(`there is no ${workerEntry}`);
    return { workerEntry, version: versionOf(join(commands, '../../package.json')) };
  } catch (error) {
    throw new PkixdError('NO_RELEASE', `${launcher} leads to no release of pkixd: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function leadsTo(path: string, target: string): boolean {
  try {
    return realpathSync(path) === target;
  } catch {
    return false;
  }
}

function versionOf(manifest: string): string {
  const read: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  return typeof read === 'object' && read !== null && 'version' in read ? String(read.version) : 'unknown';
}
