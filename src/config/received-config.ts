import { PkixdError } from '../errors.js';
import { type Config, STRUCTURES } from './config.js';
import { OPTIONS } from './option-table.js';

const DEFAULTS = Object.fromEntries(Object.entries(OPTIONS).map(([key, option]) => [key, option.default]));

/**
 * A configuration from another process or thread of this server, which has loaded and checked it. A process of an
 * earlier release does not know the latest options, which get their defaults.
 */
export function receivedConfig(value: unknown): Config {
  if (!isWhole(value)) {
    throw new PkixdError('BAD_CONFIG', 'the received configuration is not complete for this version');
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every option is there, by its default if need be
  return { ...DEFAULTS, ...value } as unknown as Config;
}

/** Whether every structure is there; all values were checked when it was loaded. */
function isWhole(value: unknown): value is object {
  return typeof value === 'object' && value !== null && [...STRUCTURES].every((key) => key in value);
}
