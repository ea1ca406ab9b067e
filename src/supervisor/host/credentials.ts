import { execFileSync } from 'node:child_process';
import { PkixdError } from '../../errors.js';

/** The user and groups of a process. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
}

class AccountError extends PkixdError {
  constructor(message: string) {
    super('BAD_ACCOUNT', message);
  }
}

/**
 * The credentials that `workers.user` and `workers.group` name; `undefined` if neither is set, so that workers have the
 * primary's rights.
 */
export function workerCredentials(user: string, group: string): Credentials | undefined {
  if (user === '' && group === '') return undefined;
  const own = process.getuid?.();
  if (own !== 0) {
    throw new AccountError(
      `workers.user and workers.group can be set only where pkixd is started by root, and this is user ${own}`,
    );
  }
  const account = user === '' ? { uid: 0, gid: 0 } : findUser(user);
  return group === '' ? account : { ...account, gid: findGroup(group) };
}

/** A name in the system's databases (files, LDAP, …), or a number, which need not be listed there. */
export function findGroup(group: string): number {
  return isNumber(group) ? Number(group) : Number(field(lookUp('group', group), 2));
}

export function findUser(user: string): Credentials {
  const entry = lookUp('passwd', user);
  return { uid: Number(field(entry, 2)), gid: Number(field(entry, 3)) };
}

/** The line of passwd(5) or group(5). */
function lookUp(database: 'passwd' | 'group', name: string): string {
  const noun = database === 'passwd' ? 'user' : 'group';
  try {
    return execFileSync('getent', [database, '--', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    throw new AccountError(`there is no ${noun} "${name}" (getent ${database} knows none)`);
  }
}

function field(entry: string, index: number): string {
  return entry.split(':')[index] ?? '';
}

function isNumber(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}
