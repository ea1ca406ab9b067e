import { execFileSync } from 'node:child_process';

/** What an openssl command prints about what it reads. */
export function openssl(words: readonly string[], input: string): string {
  return execFileSync('openssl', words, { input, encoding: 'latin1' });
}
