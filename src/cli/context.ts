import type { Writable } from 'node:stream';

/** What a command uses of its process, passed in so that tests can observe it. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: Writable;
  readonly err: Writable;
}

export function print(context: Context, text: string): void {
  context.out.write(`${text}\n`);
}

/** Prints a line about the run, apart from its results. */
export function note(context: Pick<Context, 'err'>, text: string): void {
  context.err.write(`pkixd: ${text}\n`);
}

/** Escapes text from certificates and file names for the terminal: line ends and direction marks must not reach it. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '?');
}
