import { readFileSync } from 'node:fs';

const KIB = 1024;

/**
 * Resident memory of this process that no file backs, in bytes: what a leak grows, and what mapped files such as a
 * database do not. Where the system does not tell, all of it.
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
