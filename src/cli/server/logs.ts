import { statSync } from 'node:fs';
import { join } from 'node:path';
import { PkixdError } from '../../errors.js';
import { LOG_LEVELS } from '../../log.js';
import type { Command } from '../command.js';
import { print } from '../context.js';
import { UsageError } from '../exit-code.js';
import { CONFIG_FLAG, configFor, optionFlags, textFlag, type Arguments } from '../flags.js';
import { formatLogLine, type LogFilter } from './log-line.js';
import { follow, lastLines } from './tail.js';

const LOG_FILE = 'pkixd.log';

export const logs: Command = {
  flags: {
    ...CONFIG_FLAG,
    follow: { alias: 'f', type: 'boolean', describe: 'Follow the log across rotations' },
    lines: {
      alias: 'n',
      type: 'string',
      requiresArg: true,
      default: '20',
      describe: 'The number of earlier lines to show',
    },
    level: {
      type: 'string',
      requiresArg: true,
      choices: LOG_LEVELS,
      default: 'debug',
      describe: 'Show this level and more urgent ones',
    },
    worker: { type: 'string', requiresArg: true, describe: 'Show only this worker, by its number' },
    ...optionFlags(['log.directory']),
  },
  examples: [
    ['$0 logs -f', 'the last lines, then each new one'],
    ['$0 logs -n 200 --level warn', 'the last 200 warnings and errors'],
  ],
  async run(context, args) {
    const file = join(configFor(context, args)['log.directory'], LOG_FILE);
    const count = number(args, 'lines') ?? 20;
    const filter = filterOf(args);
    const format = (line: string): string | undefined => formatLogLine(line, filter);
    const following = args['follow'] === true;
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size !== undefined)
      (await lastLines(file, size, count, format)).forEach((line) => print(context, line));
    else if (!following)
      throw new PkixdError(
        'FILE_UNREADABLE',
        `there is no log at ${file}; name its folder with --log.directory`,
      );
    if (!following) return 0;
    const ended = new AbortController();
    context.out.once('error', () => ended.abort());
    for await (const line of follow(file, size ?? 0, ended.signal)) {
      const formatted = format(line);
      if (formatted !== undefined) print(context, formatted);
    }
    return 0;
  },
};

function filterOf(args: Arguments): LogFilter {
  const level = LOG_LEVELS.find((known) => known === args['level']) ?? 'debug';
  const worker = number(args, 'worker');
  return worker === undefined ? { level } : { level, worker };
}

function number(args: Arguments, name: string): number | undefined {
  const text = textFlag(args, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} "${text}" is not a whole number`);
  return Number(text);
}
