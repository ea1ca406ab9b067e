import type { Options, PositionalOptions } from 'yargs';
import type { Context } from './context.js';
import type { Arguments } from './flags.js';

/** A command in the list of commands. Its module is loaded only when it is called. */
export interface CommandEntry {
  /** In the form of yargs: `verify <files..>`. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** One command of `pkixd`. `run` resolves to the exit code; an error becomes one line and an exit code of its own. */
export interface Command {
  readonly flags: Readonly<Record<string, Options>>;
  readonly positionals?: Readonly<Record<string, PositionalOptions>>;
  readonly examples: readonly (readonly [command: string, explanation: string])[];
  /** Subcommands, one of which must follow: `pkixd crl list`. */
  readonly commands?: readonly CommandEntry[];
  readonly run: (context: Context, args: Arguments) => Promise<number>;
}
