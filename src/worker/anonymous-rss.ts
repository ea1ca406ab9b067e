import { readFileSync } from 'node:fs';

const KIB = 1024;

/**
 * The anonymous resident memory of this process, in bytes: leaks show in it, mapped files such as a database do not.
 * All resident memory if the system does not tell them apart.
 */
export function anonymousRss(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const kibibytes = /^RssAnon:\s+(?<kib>\d+) kB$/m.exec(status)?.groups?.['kib'];
    if (kibibytes !== undefined) return Number(kibibytes) * KIB;
  } catch {
    // Not Linux, or /proc is hidden.
  }
  return process.memoryUsage.rss();
}
