import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Config, STRUCTURES } from './config.js';
import { checkCrlSources } from './crl-sources.js';
import { defaultAddress, defaultDirectory } from './default-directories.js';
import { checkListeners, DEFAULT_LISTENERS } from './listeners.js';
import { OPTIONS, type OptionKey, type OptionValues } from './option-table.js';
import { checkOption, type OptionValue } from './option-value.js';
import { ConfigError, Findings, type Setting } from './problems.js';
import { checkProfiles } from './profiles.js';
import { checkDescriptors, checkRelations } from './relations.js';
import { renamedTo } from './renamed-options.js';
import {
  CONFIG_VARIABLE,
  isOptionKey,
  locateConfigFile,
  settingsOfEnvironment,
  settingsOfFile,
  settingsOfFlags,
} from './sources.js';
import { didYouMean } from './suggestion.js';

export interface ConfigSources {
  /** `--config FILE`; without it PKIXD_CONFIG, then pkixd.config.yaml or .json in `cwd`, when there is one. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Options by their dotted names, and `listen`: addresses in place of the listeners. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly cwd: string;
  /** The limit of open descriptors to check connections against; unchecked when absent. */
  readonly descriptorLimit?: number | undefined;
  /** Gets warnings. */
  readonly warn?: (message: string) => void;
}

/**
 * Defaults, then the file, then `PKIXD_*`, then flags: checked, with absolute paths, frozen. Paths in the file, and
 * defaults, are relative to the file's folder, so that every command that names the file means the same server from
 * anywhere; paths in variables and flags, and defaults without a file, are relative to `cwd`. Throws ConfigError with
 * every problem at once, or ConfigFileError if the file cannot be read.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { cwd, env, flags = {}, warn } = sources;
  const findings = new Findings();
  const file = configFileOf(sources);
  const home = file === undefined ? cwd : dirname(file);
  const given = latestByKey([
    ...(file === undefined ? [] : settingsOfFile(file)),
    ...settingsOfEnvironment(env, cwd, findings),
    ...settingsOfFlags(flags, cwd),
  ]);
  rejectUnknown(given, findings);

  const options = checkOptions(given, home, findings);
  const config: Config = {
    ...options,
    listeners: checkListeners(given.get('listeners') ?? defaultListeners(home), findings),
    'crl.sources': checkCrlSources(given.get('crl.sources'), findings),
    profiles: checkProfiles(given.get('profiles'), options, findings),
  };
  checkRelations(config, findings);
  if (sources.descriptorLimit !== undefined) {
    checkDescriptors(config, sources.descriptorLimit, (key) => given.has(key), findings);
  }

  if (findings.problems.length > 0) throw new ConfigError(findings.problems);
  if (warn) findings.warnings.forEach((warning) => warn(warning));
  return deepFreeze(config);
}

/** The file that `loadConfig` reads from these sources, if any. */
export function configFileOf({ file, env, cwd }: ConfigSources): string | undefined {
  return locateConfigFile(file ?? (env[CONFIG_VARIABLE] || undefined), cwd);
}

/** RLIMIT_NOFILE of this process; undefined if the system does not tell. Node raises the soft limit to the hard one. */
export function descriptorLimit(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files\s+(?<soft>\d+)/m.exec(limits)?.groups?.['soft'];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** Later sources take precedence. */
function latestByKey(settings: readonly Setting[]): Map<string, Setting> {
  return new Map(settings.map((setting) => [setting.key, setting]));
}

function rejectUnknown(given: ReadonlyMap<string, Setting>, findings: Findings): void {
  const known = [...Object.keys(OPTIONS), ...STRUCTURES];
  for (const { key, origin } of given.values()) {
    if (known.includes(key)) continue;
    findings.problem(key, `${unknownKey(key, known)} (from ${origin})`);
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  const today = renamedTo(key);
  if (today !== undefined) return `this option is called ${today} now`;
  const [first, ...others] = known.filter((name) => name.startsWith(`${key}.`));
  if (first === undefined) return `there is no such option${didYouMean(key, known)}`;
  return `is a group of options: ${[first, ...others].join(', ')}; give a value to one of these`;
}

/** Every option of the table; a rejected one keeps its default, so that the rest can still be checked. */
function checkOptions(given: ReadonlyMap<string, Setting>, home: string, findings: Findings): OptionValues {
  const values: Partial<Record<OptionKey, OptionValue>> = {};
  for (const key of Object.keys(OPTIONS).filter(isOptionKey)) {
    const option = OPTIONS[key];
    const setting = given.get(key) ?? {
      key,
      value: defaultDirectory(key, home) ?? option.default,
      origin: 'its default',
      folder: home,
    };
    values[key] = checkOption(option, setting, findings) ?? option.default;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each key was just set to what its table entry says
  return values as OptionValues;
}

function defaultListeners(home: string): Setting {
  const value = DEFAULT_LISTENERS.map(({ address, protocol }) => ({
    address: defaultAddress(address, home),
    protocol,
  }));
  return { key: 'listeners', value, origin: 'the defaults', folder: home };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach((inner) => deepFreeze(inner));
  return Object.freeze(value);
}
