import type { Command } from '../command.js';
import { print } from '../context.js';
import { UsageError } from '../exit-code.js';
import type { Arguments } from '../flags.js';
import { askServer, SERVER_FLAGS } from './server-call.js';

const MAX_WORKERS = 256;

/** The commands that control a running server by its control socket; each returns once the server has begun. */
export const scale: Command = {
  flags: SERVER_FLAGS,
  positionals: {
    workers: {
      type: 'string',
      describe: `The number of worker processes (1 to ${MAX_WORKERS}), +N, -N, or auto`,
    },
  },
  examples: [
    ['$0 scale 4', 'four workers from now on'],
    ['$0 scale +1', 'one more'],
    ['$0 scale auto', 'between workers.min and workers.max, as busy as they are'],
  ],
  async run(context, args) {
    const argument = String(args['workers']);
    if (!/^(?:auto|[+-]\d{1,4})$/.test(argument)) wholeNumber(args, 'workers', MAX_WORKERS);
    const result = await askServer(context, args, { command: 'scale', argument });
    print(context, `${describeScale(result)}; "pkixd status" shows them`);
    return 0;
  },
};

function describeScale(result: unknown): string {
  const wanted =
    typeof result === 'object' && result !== null && 'scale' in result ? result.scale : undefined;
  if (wanted === 'auto') return 'the number of workers follows the load';
  return `scaling to ${String(wanted)} ${wanted === 1 ? 'worker' : 'workers'}`;
}

export const restart: Command = {
  flags: SERVER_FLAGS,
  positionals: { worker: { type: 'string', describe: 'The worker’s number in "pkixd status"' } },
  examples: [['$0 restart 2', 'replace worker 2']],
  async run(context, args) {
    const worker = wholeNumber(args, 'worker', Number.MAX_SAFE_INTEGER);
    await askServer(context, args, { command: 'restart', argument: worker });
    print(context, `replacing worker ${worker}; "pkixd status" shows its successor`);
    return 0;
  },
};

/** Milliseconds that a reload may take; every worker may take long to drain. */
const RELOAD_TIMEOUT = 60 * 60 * 1000;

export const reload: Command = {
  flags: SERVER_FLAGS,
  examples: [['$0 reload', 'returns when it is done; after any error everything is as before']],
  async run(context, args) {
    await askServer(context, args, { command: 'reload' }, RELOAD_TIMEOUT);
    print(context, 'reloaded: every worker has the new configuration');
    return 0;
  },
};

export const stop: Command = {
  flags: { ...SERVER_FLAGS, now: { type: 'boolean', describe: 'Do not wait for pending answers' } },
  examples: [
    ['$0 stop', 'every request that was read completely is still answered'],
    ['$0 stop --now', 'only to be certain that it ends at once'],
  ],
  async run(context, args) {
    const now = args['now'] === true;
    await askServer(context, args, now ? { command: 'stop', argument: 'now' } : { command: 'stop' });
    print(
      context,
      now ? 'stopping at once' : 'stopping: the workers answer what they have read, then the server ends',
    );
    return 0;
  },
};

export const dump: Command = {
  flags: SERVER_FLAGS,
  examples: [['$0 dump && $0 logs -n 100', 'what the server does at this moment']],
  async run(context, args) {
    await askServer(context, args, { command: 'dump' });
    print(context, 'written to the log, in lines that begin with "dump:"; "pkixd logs" shows it');
    return 0;
  },
};

function wholeNumber(args: Arguments, name: string, most: number): number {
  const text = String(args[name]);
  const number = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? 'from 1 on' : `from 1 to ${most}`;
  throw new UsageError(
    `"${text}" is not a number of ${name === 'workers' ? 'workers' : 'a worker'}: a whole number ${range}`,
  );
}
