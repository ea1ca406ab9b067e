import { hash } from 'node:crypto';
import { hostname } from 'node:os';

/**
 * The name by which the pkixd of this data directory is known to other servers; all its processes use the same name.
 */
export function instanceName(dataDirectory: string): string {
  return `pkixd-${hash('sha256', `${hostname()} ${dataDirectory}`, 'hex').slice(0, 12)}`;
}
