import yargs, { type Argv } from 'yargs';
import { renamedTo } from '../config/renamed-options.js';
import { codeOf, messageOf, PkixdError } from '../errors.js';
import type { Command, CommandEntry } from './command.js';
import { COMMANDS } from './commands.js';
import { note, print, type Context } from './context.js';
import type { Arguments } from './flags.js';
import { EXIT, exitCodeOf, UsageError } from './exit-code.js';
import { STANDARD_INPUT } from './read-input.js';
import { VERSION } from '../version.js';

const EPILOGUE = `Exit codes: verify and explain 0 valid, 1 invalid, 2 indeterminate (the worst of several files);
crl check 0 well, 1 not fresh, 2 damaged; crl show --serial 1 when it is listed;
health and status 0 ready, 1 degraded, 2 down; 64 usage, 65 data, 66 no such file, 69 no server, 70 internal,
73 cannot create, 77 no permission, 78 configuration.

Options of the server stand in pkixd.config.yaml, in PKIXD_* variables or in flags:
"pkixd start --help" lists them, docs/configuration.md explains them.`;

/** Runs one command line and resolves to its exit code. Every failure is one clear line; --debug adds the stack. */
export async function runCli(words: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(words, context);
  } catch (error) {
    note(context, messageOf(error));
    if (isForbidden(error)) return EXIT.noPermission;
    const expected = error instanceof PkixdError;
    if (words.includes('--debug'))
      note(context, error instanceof Error ? String(error.stack) : String(error));
    else if (!expected) note(context, 'this is a defect of pkixd; --debug shows where');
    return expected ? exitCodeOf(error.code) : EXIT.internal;
  }
}

/** A file or socket that this user may not use; the system's message names it. */
function isForbidden(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EACCES' || code === 'EPERM';
}

async function dispatch(words: readonly string[], context: Context): Promise<number> {
  const parser = createParser();
  addCommands(parser, COMMANDS);
  // With a callback yargs hands over what it would print (--help, --version) instead of printing it.
  let help = '';
  const read = words.map((word) => (word === '-' ? STANDARD_INPUT : word));
  try {
    await parser.parseAsync(read, {}, (_error: unknown, _args: unknown, text: string) => {
      help = text;
    });
  } catch (error) {
    if (error instanceof Called) return error.command.run(context, error.args);
    throw isFlagError(error) ? usageError(error.message) : error;
  }
  if (help !== '') print(context, help);
  return EXIT.ok;
}

/**
 * The command that was called. It is thrown: after a handler that returns, yargs formats the command's help in case it
 * is needed, which for the options of `start` takes as long as the rest of its start.
 */
class Called extends Error {
  readonly command: Command;
  readonly args: Arguments;

  constructor(command: Command, args: Arguments) {
    super('a command was called');
    this.command = command;
    this.args = args;
  }
}

function addCommands(parser: Argv, entries: readonly CommandEntry[], path = ''): void {
  for (const { name, summary, load } of entries) {
    let command: Command | undefined;
    parser.command({
      command: name,
      describe: summary,
      builder: async (argv: Argv) => {
        command = await load();
        withFlags(argv, command, `${path}${name}\n\n${summary}`);
        if (command.commands === undefined) return argv;
        addCommands(argv, command.commands, `${path}${name} `);
        const names = command.commands.map((one) => one.name.split(' ', 1)[0]).join(', ');
        return argv.demandCommand(1, `name what to do: pkixd ${path}${name} ${names}`);
      },
      handler: (args) => {
        if (command) throw new Called(command, args);
      },
    });
  }
}

function createParser(): Argv {
  return yargs()
    .scriptName('pkixd')
    .usage('$0: a certificate-verification daemon\n\nUsage: $0 COMMAND [options]')
    .parserConfiguration({
      // Option names contain dots, and the configuration parses their values.
      'dot-notation': false,
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'greedy-arrays': false,
      'boolean-negation': false,
    })
    .option('debug', { type: 'boolean', describe: 'Show where an error comes from' })
    .example('$0 start', 'run the server of this folder')
    .example('$0 verify server.pem --host www.example.org', 'ask it')
    .example('$0 status', 'see how it is')
    .epilogue(EPILOGUE)
    .demandCommand(
      1,
      'name a command: start, verify, explain, status, health, scale, restart, reload, stop, dump, crl or logs',
    )
    .strict()
    .recommendCommands()
    .exitProcess(false)
    .showHelpOnFail(false)
    .version(VERSION)
    .help()
    .alias('help', 'h')
    .wrap(110)
    .fail((message, error) => {
      if (error instanceof Error && !isFlagError(error)) throw error;
      throw usageError(flagProblem(message));
    });
}

/** yargs reports wrong flags as errors of its own class, in some places without calling `fail`. */
function isFlagError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === 'YError';
}

/** yargs's message about the flags, or a clearer one. */
function flagProblem(message: string): string {
  if (message?.startsWith('Not enough non-option')) return 'an argument is missing';
  const unknown = /^Unknown arguments?: (?<flag>[\w.-]+)/.exec(message)?.groups?.['flag'] ?? '';
  const today = renamedTo(unknown);
  return today === undefined ? message : `--${unknown}: this option is called --${today} now`;
}

function usageError(what: string): UsageError {
  return new UsageError(`${what}; "pkixd COMMAND --help" shows how`);
}

function withFlags(argv: Argv, command: Command, usage: string): void {
  const own = Object.keys(command.flags).filter((flag) => command.flags[flag]?.group === undefined);
  argv.usage(`$0 ${usage}`);
  // The command's own flags come first in the help, before the groups of the table.
  argv.group(own, 'Options:').options({ ...command.flags });
  for (const [name, positional] of Object.entries(command.positionals ?? {}))
    argv.positional(name, positional);
  for (const [example, explanation] of command.examples) argv.example(example, explanation);
}
