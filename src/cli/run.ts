import yargs, { type Argv } from 'yargs';
import { messageOf, PkixdError } from '../errors.js';
import type { Command } from './command.js';
import { note, print, type Context } from './context.js';
import type { Arguments } from './flags.js';
import { EXIT, exitCodeOf, UsageError } from './exit-code.js';
import { STANDARD_INPUT } from './read-input.js';
import { crl } from './crl.js';
import { explain } from './explain.js';
import { logs } from './logs.js';
import { start } from './start.js';
import { status } from './status.js';
import { dump, reload, restart, scale, stop } from './steer.js';
import { verify } from './verify.js';
import { VERSION } from '../version.js';

const COMMANDS: readonly Command[] = [
  start,
  verify,
  explain,
  status,
  scale,
  restart,
  reload,
  stop,
  dump,
  crl,
  logs,
];

const EPILOGUE = `Exit codes: verify and explain 0 valid, 1 invalid, 2 indeterminate (the worst of several files);
crl check 0 well, 1 not fresh, 2 damaged; crl show --serial 1 when it is listed;
64 usage, 65 data, 66 no such file, 69 no server, 70 internal, 73 cannot create, 78 configuration.

Options of the server stand in pkixd.config.yaml, in PKIXD_* variables or in flags:
"pkixd start --help" lists them, docs/configuration.md explains them.`;

/** Runs one command line and resolves to its exit code. Every failure is one clear line; --debug adds the stack. */
export async function runCli(words: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(words, context);
  } catch (error) {
    note(context, messageOf(error));
    const expected = error instanceof PkixdError;
    if (words.includes('--debug'))
      note(context, error instanceof Error ? String(error.stack) : String(error));
    else if (!expected) note(context, 'this is a defect of pkixd; --debug shows where');
    return expected ? exitCodeOf(error.code) : EXIT.internal;
  }
}

async function dispatch(words: readonly string[], context: Context): Promise<number> {
  let chosen: (() => Promise<number>) | undefined;
  const parser = createParser();
  addCommands(parser, COMMANDS, (command, args) => {
    chosen = () => command.run(context, args);
  });
  // With a callback yargs hands over what it would print (--help, --version) instead of printing it.
  let help = '';
  const read = words.map((word) => (word === '-' ? STANDARD_INPUT : word));
  await parser.parseAsync(read, {}, (_error: unknown, _args: unknown, text: string) => {
    help = text;
  });
  if (help !== '') print(context, help);
  return chosen ? chosen() : EXIT.ok;
}

function addCommands(
  parser: Argv,
  commands: readonly Command[],
  choose: (command: Command, args: Arguments) => void,
  path = '',
): void {
  for (const command of commands) {
    parser.command({
      command: command.name,
      describe: command.summary,
      builder: (argv: Argv) => {
        withFlags(argv, command, path);
        if (command.commands === undefined) return argv;
        addCommands(argv, command.commands, choose, `${path}${command.name} `);
        const names = command.commands.map(({ name }) => name.split(' ', 1)[0]).join(', ');
        return argv.demandCommand(1, `name what to do: pkixd ${path}${command.name} ${names}`);
      },
      handler: (args) => {
        choose(command, args);
      },
    });
  }
}

function createParser(): Argv {
  return yargs()
    .scriptName('pkixd')
    .usage('$0: a certificate-verification daemon\n\nUsage: $0 COMMAND [options]')
    .parserConfiguration({
      // Options have dots in their names, and their values are read by the configuration's own check.
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
      'name a command: start, verify, explain, status, scale, restart, reload, stop, dump, crl or logs',
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
      const what = message?.startsWith('Not enough non-option') ? 'an argument is missing' : message;
      // What yargs itself finds wrong with a flag comes as its own kind of error, with the same words as the message.
      if (error instanceof Error && error.name !== 'YError') throw error;
      throw new UsageError(`${what}; "pkixd COMMAND --help" shows how`);
    });
}

function withFlags(argv: Argv, command: Command, path: string): Argv {
  const own = Object.keys(command.flags).filter((flag) => command.flags[flag]?.group === undefined);
  argv.usage(`$0 ${path}${command.name}\n\n${command.summary}`);
  // Named first, the command's own flags stand before the groups of the table.
  argv.group(own, 'Options:').options({ ...command.flags });
  for (const [name, positional] of Object.entries(command.positionals ?? {}))
    argv.positional(name, positional);
  for (const [example, explanation] of command.examples) argv.example(example, explanation);
  return argv;
}
