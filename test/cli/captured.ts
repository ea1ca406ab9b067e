import { Writable } from 'node:stream';
import { runCli } from '../../src/cli/run.js';

export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process and gathers what it says. */
export async function cli(cwd: string, ...words: readonly string[]): Promise<Captured> {
  const [out, err] = [new Gathering(), new Gathering()];
  const code = await runCli(words, { env: {}, cwd, out, err });
  return { code, out: out.text, err: err.text };
}

class Gathering extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
