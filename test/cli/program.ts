import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { withoutOptions } from '../server/test-server.js';
import type { Captured } from './captured.js';

const PKIXD = join(process.cwd(), 'dist/cli/main.js');

/** Runs the program itself, from dist: for commands with threads, which run from there. */
export async function program(
  cwd: string,
  words: readonly string[],
  input: string | Buffer = '',
): Promise<Captured> {
  const child = spawn(process.execPath, [PKIXD, ...words], { cwd, env: withoutOptions(process.env) });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}
