import { hash } from 'node:crypto';
import { hostname } from 'node:os';

/** What this host's pkixd with this data directory calls itself to other servers: all its processes the same. */
export function instanceName(dataDirectory: string): string {
  return `pkixd-${hash('sha256', `${hostname()} ${dataDirectory}`, 'hex').slice(0, 12)}`;
}
