import type { Options } from 'yargs';
import { loadConfig, type ConfigSources } from '../config/load.js';
import type { Config } from '../config/config.js';
import { type Option, OPTIONS, type OptionKey } from '../config/option-table.js';
import { isOptionKey } from '../config/sources.js';
import { describeDefault, describeValues } from '../config/option-value.js';
import type { Context } from './context.js';

/** The arguments from yargs: every flag as a text, a list or a switch. */
export type Arguments = Readonly<Record<string, unknown>>;

const ALL_OPTIONS = Object.keys(OPTIONS).filter(isOptionKey);

export const CONFIG_FLAG = {
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'The configuration file; else PKIXD_CONFIG, else pkixd.config.yaml or .json in this folder',
  },
} as const satisfies Record<string, Options>;

const LISTS: ReadonlySet<Option['type']> = new Set(['list', 'destinations', 'hosts']);

/** Flags for options of the table. Values stay texts, which the configuration parses and checks. */
export function optionFlags(keys: readonly OptionKey[] = ALL_OPTIONS): Record<string, Options> {
  const flags: Record<string, Options> = {};
  for (const key of keys) {
    const option = OPTIONS[key];
    flags[key] = {
      type: LISTS.has(option.type) ? 'array' : 'string',
      string: true,
      requiresArg: true,
      group: `${key.slice(0, key.indexOf('.'))}:`,
      describe: `${option.text} (${describeValues(option)}; default ${describeDefault(option)})`,
    };
  }
  return flags;
}

/** The configuration's sources for this command line. */
export function configSources(context: Context, args: Arguments): ConfigSources {
  const flags = Object.fromEntries(
    Object.entries(args).filter(([name]) => name === 'listen' || Object.hasOwn(OPTIONS, name)),
  );
  return { file: textFlag(args, 'config'), env: context.env, flags, cwd: context.cwd };
}

/** The configuration for a command that asks a server or works by itself; only `start` reports warnings. */
export function configFor(context: Context, args: Arguments): Config {
  return loadConfig(configSources(context, args));
}

/** The same for `start`, with warnings, and with the connections checked against the system's limit. */
export function configForStart(
  context: Context,
  args: Arguments,
  limit: number | undefined,
  warn: (message: string) => void,
): Config {
  return loadConfig({ ...configSources(context, args), descriptorLimit: limit, warn });
}

/** The last of a flag given several times. */
export function textFlag(args: Arguments, name: string): string | undefined {
  return listFlag(args, name).at(-1);
}

export function listFlag(args: Arguments, name: string): readonly string[] {
  const value = args[name];
  return value === undefined ? [] : [value].flat().map(String);
}
