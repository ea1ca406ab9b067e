import { dirname, resolve } from 'node:path';
import { defaultDirectory } from '../../config/default-directories.js';
import { configFileOf } from '../../config/load.js';
import { OPTIONS } from '../../config/option-table.js';
import { ConfigError, ConfigFileError, type Setting } from '../../config/problems.js';
import { settingsOfFile, variableOf } from '../../config/sources.js';
import { note, type Context } from '../context.js';
import { type Arguments, configFor, configSources, textFlag } from '../flags.js';

const KEY = 'run.directory';

/**
 * `run.directory`, by which commands find the running server. If the configuration on disk is broken, the directory is
 * read from the part that can still be read, with a warning, so that commands still find a server that runs with an
 * earlier configuration.
 */
export function runDirectoryOf(context: Context, args: Arguments): string {
  try {
    return configFor(context, args)[KEY];
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof ConfigFileError)) throw error;
    const directory = withoutCheck(context, args);
    note(context, `warning: ${error.message}`);
    note(context, `warning: the server is looked for in ${directory} nevertheless`);
    return directory;
  }
}

function withoutCheck(context: Context, args: Arguments): string {
  const given = textFlag(args, KEY) ?? context.env[variableOf(KEY)];
  if (given !== undefined && given !== '') return resolve(context.cwd, given);
  const file = quietly(() => configFileOf(configSources(context, args)));
  const named = textFlag(args, 'config');
  const home = file ?? (named === undefined ? undefined : resolve(context.cwd, named));
  const folder = home === undefined ? context.cwd : dirname(home);
  const setting = file === undefined ? undefined : quietly(() => find(settingsOfFile(file)));
  const value = setting ?? defaultDirectory(KEY, folder) ?? OPTIONS[KEY].default;
  return resolve(folder, value);
}

function find(settings: readonly Setting[]): string | undefined {
  const value = settings.find(({ key }) => key === KEY)?.value;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ConfigFileError) return undefined;
    throw error;
  }
}
