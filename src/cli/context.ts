import type { Writable } from 'node:stream';

/** What a command may touch of the process around it: passed in, so that tests can look at it. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: Writable;
  readonly err: Writable;
}

export function print(context: Context, text: string): void {
  context.out.write(`${text}\n`);
}

/** A line about the run itself, apart from its results. */
export function note(context: Pick<Context, 'err'>, text: string): void {
  context.err.write(`pkixd: ${text}\n`);
}

/** Names from certificates and of files reach the terminal: what ends a line there, or turns it round, must not. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '?');
}
