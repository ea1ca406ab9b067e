import { readFileSync } from 'node:fs';

/** The release, from package.json: two folders up both in src and in dist. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const found = /"version": "(?<version>[^"]+)"/.exec(text)?.groups?.['version'];
  return found ?? 'unknown';
}
