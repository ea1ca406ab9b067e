import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { messageOf } from '../errors.js';
import { withoutSecrets } from '../secrets.js';
import { STRUCTURES } from './config.js';
import { OPTIONS, type OptionKey } from './option-table.js';
import { ConfigError, ConfigFileError, type Findings, type Setting } from './problems.js';
import { oldNames } from './renamed-options.js';
import { nearest } from './suggestion.js';
import { isMap } from './option-value.js';

/** The most characters of a dotted key that is read. */
const MAX_KEY = 200;

export const FILE_NAMES = ['pkixd.config.yaml', 'pkixd.config.json'] as const;

/** The file that applies: the one named, else the one in the working directory, else none. */
export function locateConfigFile(named: string | undefined, cwd: string): string | undefined {
  if (named !== undefined) {
    const file = resolve(cwd, named);
    if (existsSync(file)) return file;
    throw new ConfigFileError(`configuration file ${file} does not exist; name another with --config FILE`);
  }
  const present = FILE_NAMES.map((name) => join(cwd, name)).filter((file) => existsSync(file));
  if (present.length > 1) {
    throw new ConfigFileError(
      `both ${present.join(' and ')} exist; keep one, or name one with --config FILE`,
    );
  }
  return present[0];
}

/** The file's settings under dotted keys: `workers: { count: 4 }` and `workers.count: 4` are the same. */
export function settingsOfFile(file: string): Setting[] {
  const root = parseFile(file);
  if (root === null) return [];
  if (!isMap(root)) throw new ConfigError([`${basename(file)}: the file does not hold a map of options`]);
  const settings = new Map<string, Setting>();
  const twice: string[] = [];
  flatten(root, '', (key, value) => {
    if (settings.has(key)) twice.push(`${key}: stands twice in ${basename(file)}; keep one`);
    settings.set(key, { key, value, origin: basename(file), folder: dirname(file) });
  });
  if (twice.length > 0) throw new ConfigError(twice);
  return [...settings.values()];
}

function parseFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigFileError(`configuration file ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  // JSON is YAML too; one parser gives both formats duplicate-key checks and errors with line and column.
  const document = parseDocument(text, { prettyErrors: true });
  const [first] = document.errors;
  if (first) throw new ConfigError([`${basename(file)}: ${syntaxError(first.message)}`]);
  try {
    return document.toJS();
  } catch (error) {
    // An alias without its anchor, or too many aliases.
    throw new ConfigError([`${basename(file)}: ${syntaxError(messageOf(error))}`]);
  }
}

/** The parser's message shows the lines around the error, which may hold a URL with a password. */
function syntaxError(message: string): string {
  if (withoutSecrets(message) === message) return message.trimEnd();
  const [first = ''] = message.split('\n');
  return withoutSecrets(first.replaceAll(/"(?:[^"\\]|\\.)*"/g, '"…"').replace(/:$/, ''));
}

function flatten(map: object, prefix: string, found: (key: string, value: unknown) => void): void {
  // Option names are not that deep: the map contains itself through an alias.
  if (prefix.length > MAX_KEY)
    throw new ConfigError([`${prefix.slice(0, MAX_KEY)}…: there is no such option`]);
  for (const [name, value] of Object.entries(map)) {
    const key = prefix + name;
    const isSection = Object.keys(OPTIONS).some((option) => option.startsWith(`${key}.`));
    if (isMap(value) && !STRUCTURES.has(key)) flatten(value, `${key}.`, found);
    else if (value !== null || !isSection) found(key, value);
  }
}

/** `connection.idleTimeout` → `PKIXD_CONNECTION_IDLE_TIMEOUT`. */
export function variableOf(key: string): string {
  return `PKIXD_${key.replace(/(?<=[a-z])(?=[A-Z])/g, '_').replaceAll('.', '_')}`.toUpperCase();
}

/** Variables with a meaning of their own: the file, and the listeners' addresses with commas. */
export const CONFIG_VARIABLE = 'PKIXD_CONFIG';
const LISTEN_VARIABLE = 'PKIXD_LISTEN';

/**
 * Settings from `PKIXD_*`. A name similar to a known one is an error; any other is a warning, since Kubernetes sets
 * variables like PKIXD_SERVICE_HOST for every service named pkixd.
 */
export function settingsOfEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
  findings: Findings,
): Setting[] {
  const keys = new Map<string, string>(Object.keys(OPTIONS).map((key) => [variableOf(key), key]));
  keys.set(LISTEN_VARIABLE, 'listeners');
  // Old names are recognised too, so that they are refused with the present name.
  for (const key of oldNames()) keys.set(variableOf(key), key);
  const settings: Setting[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('PKIXD_') || name === CONFIG_VARIABLE || value === undefined) continue;
    const key = keys.get(name);
    if (key !== undefined) settings.push({ key, value, origin: name, folder });
    else reportUnknownVariable(name, [...keys.keys(), CONFIG_VARIABLE], findings);
  }
  return settings;
}

function reportUnknownVariable(name: string, known: readonly string[], findings: Findings): void {
  const meant = nearest(name, known);
  if (meant === undefined) findings.warn(name, 'no option has this variable; it is ignored');
  else findings.problem(name, `no option has this variable (did you mean ${meant}?)`);
}

/** Settings from flags, by the option's dotted name; `--listen` gives the listeners. */
export function settingsOfFlags(flags: Readonly<Record<string, unknown>>, folder: string): Setting[] {
  return Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(([flag, value]) => ({
      key: flag === 'listen' ? 'listeners' : flag,
      value,
      origin: `--${flag}`,
      folder,
    }));
}

export function isOptionKey(key: string): key is OptionKey {
  return Object.hasOwn(OPTIONS, key);
}
