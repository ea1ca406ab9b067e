import { PkixdError } from '../errors.js';
import type { Config } from './config.js';
import { OPTIONS } from './option-table.js';
import { STRUCTURES } from './sources.js';

/** A configuration as another process or thread of this server sent it: loaded and checked there already. */
export function receivedConfig(value: unknown): Config {
  if (isConfig(value)) return value;
  throw new PkixdError('BAD_CONFIG', 'what was received is no whole configuration of this version');
}

/** Whether every option and structure is there; their values were checked when it was loaded. */
function isConfig(value: unknown): value is Config {
  if (typeof value !== 'object' || value === null) return false;
  return [...Object.keys(OPTIONS), ...STRUCTURES].every((key) => key in value);
}
