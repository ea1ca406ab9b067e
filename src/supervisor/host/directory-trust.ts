import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { PkixdError } from '../../errors.js';

const ROOT = 0;
const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
/** In such a directory, only the owner of a file may remove or rename it. */
const STICKY = 0o1000;

type DirectoryErrorCode = 'RUN_DIRECTORY' | 'LOG_DIRECTORY' | 'ADDRESS_FORBIDDEN';

export class DirectoryTrustError extends PkixdError {
  constructor(code: DirectoryErrorCode, message: string) {
    super(code, message);
  }
}

/** The effective ids of this process. */
export interface Self {
  readonly uid: number;
  readonly gid: number;
}

export function self(): Self {
  return { uid: process.geteuid?.() ?? ROOT, gid: process.getegid?.() ?? ROOT };
}

/**
 * Why files in this directory cannot be trusted: users other than this one and root may create files there, for example
 * a pid file that names processes of others, or a link that leads elsewhere. `undefined` if the directory is trusted.
 *
 * @param sharing `sticky`: others may have files beside ours, as in /tmp, but not touch ours
 */
export function directoryTrouble(
  path: string,
  { uid, gid }: Self,
  sharing: 'none' | 'sticky' = 'none',
): string | undefined {
  const link = lstatSync(path);
  const isOwn = (found: Stats): boolean => found.uid === uid || found.uid === ROOT;
  if (link.isSymbolicLink() && !isOwn(link)) return `it is a link that belongs to user ${link.uid}`;
  const found = statSync(realpathSync(path));
  if (!isOwn(found)) return `it belongs to user ${found.uid}`;
  if (sharing === 'sticky' && (found.mode & STICKY) !== 0) return undefined;
  if ((found.mode & OTHERS_WRITE) !== 0) return 'every user may write to it';
  // On many systems each user has a group of its own without other members.
  const isOwnGroup = found.gid === ROOT || (found.gid === gid && uid !== ROOT);
  return (found.mode & GROUP_WRITES) !== 0 && !isOwnGroup ? `group ${found.gid} may write to it` : undefined;
}

/**
 * Refuses such a directory if this process is root, whose rights the others could gain; otherwise warns.
 *
 * @param name of the option, for the message
 */
export function checkDirectory(
  name: string,
  path: string,
  code: DirectoryErrorCode,
  warn: (message: string) => void,
  sharing: 'none' | 'sticky' = 'none',
): void {
  const me = self();
  const trouble = directoryTrouble(path, me, sharing);
  if (trouble === undefined) return;
  const message = `${name} "${path}" cannot be relied on: ${trouble}; make it pkixd's own (chown, chmod go-w) or choose another`;
  if (me.uid === ROOT) throw new DirectoryTrustError(code, message);
  warn(message);
}
