import type { Options, PositionalOptions } from 'yargs';
import type { Context } from './context.js';
import type { Arguments } from './flags.js';

/** A command as a list names it. What it consists of is loaded once it is the one that was called. */
export interface CommandEntry {
  /** As yargs writes it: `verify <files..>`. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** One command of `pkixd`. `run` resolves to the exit code; what it throws becomes one line and a code of its own. */
export interface Command {
  readonly flags: Readonly<Record<string, Options>>;
  readonly positionals?: Readonly<Record<string, PositionalOptions>>;
  readonly examples: readonly (readonly [command: string, explanation: string])[];
  /** Commands of its own, one of which must follow: `pkixd crl list`. */
  readonly commands?: readonly CommandEntry[];
  readonly run: (context: Context, args: Arguments) => Promise<number>;
}
