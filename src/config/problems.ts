import { PkixdError } from '../errors.js';
import { withoutSecrets } from '../secrets.js';

/** One value as it was given, with its origin and the folder of relative paths. */
export interface Setting {
  readonly key: string;
  readonly value: unknown;
  /** The name of the file, variable or flag. */
  readonly origin: string;
  readonly folder: string;
}

/** Everything that is wrong with a configuration, at once: one line a problem. */
export class ConfigError extends PkixdError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super('CONFIG_INVALID', `the configuration has ${count}:\n${problems.map((p) => `  ${p}`).join('\n')}`);
    this.problems = problems;
  }
}

/** The configuration file itself is missing, unreadable or ambiguous. */
export class ConfigFileError extends PkixdError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIG_UNREADABLE', message, options);
  }
}

/** Gathers problems and warnings while the rest of the configuration is still being checked. */
export class Findings {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];

  problem(key: string, message: string): void {
    this.problems.push(`${key}: ${message}`);
  }

  /** `key: "value" (from ORIGIN) …`, so that the reader knows what to change and where. */
  reject(setting: Setting, message: string): void {
    this.problem(setting.key, `${quote(setting.value)} (from ${setting.origin}) ${message}`);
  }

  warn(key: string, message: string): void {
    this.warnings.push(`${key}: ${message}`);
  }
}

const MAX_QUOTE = 80;

/** A value as it was written, without secrets, cut to fit on a line. */
export function quote(value: unknown): string {
  // JSON cannot represent infinity and NaN.
  const text = typeof value === 'number' ? String(value) : inJson(value);
  return text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}…` : text;
}

function hideSecrets(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? withoutSecrets(value) : value;
}

/** A map may contain itself through an alias in YAML. */
function inJson(value: unknown): string {
  try {
    return JSON.stringify(value, hideSecrets) ?? String(value);
  } catch {
    return 'a map that holds itself';
  }
}
