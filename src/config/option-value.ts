import { resolve } from 'node:path';
import { isHostPattern, parseAllowedDestination } from './allowed-destination.js';
import type { Option } from './option-table.js';
import type { Findings, Setting } from './problems.js';
import { parseRedisUrl, REDIS_FORMS } from './redis-url.js';
import { didYouMean } from './suggestion.js';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.js';

export type OptionValue = number | boolean | string | null | readonly string[];

/** The setting's value as the program uses it, or undefined after noting a problem. */
export function checkOption(option: Option, setting: Setting, findings: Findings): OptionValue | undefined {
  switch (option.type) {
    case 'integer':
    case 'duration':
    case 'size':
      return checkNumber(option, setting, findings);
    case 'choice':
      return checkChoice(option.choices, setting, findings);
    case 'switch':
      return checkSwitch(setting, findings);
    case 'list':
      return checkAnchors(setting, findings);
    case 'destinations':
      return checkDestinations(setting, findings);
    case 'hosts':
      return checkHosts(setting, findings);
    case 'proxy':
      return checkProxy(setting, findings);
    case 'redis':
      return checkRedis(setting, findings);
    case 'path':
      return checkPath(setting, findings);
    case 'optionalPath':
      return setting.value === null || setting.value === '' ? null : checkPath(setting, findings);
    case 'optionalString':
      return setting.value === null || setting.value === '' ? '' : checkName(setting, findings);
    case 'string':
      return checkText(setting, findings);
    default:
      return option satisfies never;
  }
}

/** The values of an option, in one phrase, for errors, help and the reference. */
export function describeValues(option: Option): string {
  switch (option.type) {
    case 'integer':
    case 'duration':
    case 'size':
      return describeRange(option);
    case 'choice':
      return option.choices.join(', ');
    case 'switch':
      return 'true or false';
    case 'list':
      return 'a list';
    case 'destinations':
      return `a list of ${DESTINATION_FORMS}`;
    case 'hosts':
      return `a list of ${HOST_FORMS}`;
    case 'proxy':
      return PROXY_FORMS;
    case 'redis':
      return REDIS_FORMS;
    case 'path':
    case 'optionalPath':
      return 'a path';
    case 'string':
    case 'optionalString':
      return 'a name';
    default:
      return option satisfies never;
  }
}

export function describeRange(range: NumberRange): string {
  switch (range.type) {
    case 'integer':
      return `${range.min} to ${range.max} ${range.unit}`;
    case 'duration':
      return `${formatDuration(range.min)} to ${formatDuration(range.max)}`;
    case 'size':
      return `${formatSize(range.min)} to ${formatSize(range.max)}`;
    default:
      return range satisfies never;
  }
}

/** An option's default as it would be written in the file. */
export function describeDefault(option: Option): string {
  switch (option.type) {
    case 'integer':
      return option.defaultText ?? String(option.default);
    case 'switch':
      return String(option.default);
    case 'duration':
      return formatDuration(option.default);
    case 'size':
      return formatSize(option.default);
    case 'list':
    case 'destinations':
    case 'hosts':
      return option.default.join(', ') || 'none';
    case 'optionalString':
    case 'redis':
      return 'unset';
    default:
      return option.default ?? 'unset';
  }
}

/** The range of a number. */
export type NumberRange =
  | { readonly type: 'integer'; readonly unit: string; readonly min: number; readonly max: number }
  | { readonly type: 'duration' | 'size'; readonly min: number; readonly max: number };

const KINDS = {
  integer: { parse: parseInteger, noun: 'a whole number' },
  duration: { parse: parseDuration, noun: 'a duration (250ms, 10s, 5m, 1h, 7d or a number of milliseconds)' },
  size: { parse: parseSize, noun: 'a size (64KiB, 8MiB, 1GiB or a number of bytes)' },
} as const;

export function checkNumber(range: NumberRange, setting: Setting, findings: Findings): number | undefined {
  const { parse, noun } = KINDS[range.type];
  const number = parse(setting.value);
  if (number === undefined) {
    findings.reject(setting, `is not ${noun}; it takes ${describeRange(range)}`);
    return undefined;
  }
  if (number < range.min || number > range.max) {
    findings.reject(setting, `is out of range; it takes ${describeRange(range)}`);
    return undefined;
  }
  return number;
}

function parseInteger(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

export function checkChoice<C extends string>(
  choices: readonly C[],
  setting: Setting,
  findings: Findings,
): C | undefined {
  const choice = choices.find((c) => c === setting.value);
  if (choice === undefined) {
    const hint = didYouMean(String(setting.value), choices);
    findings.reject(setting, `is none of ${choices.join(', ')}${hint}`);
  }
  return choice;
}

/** Variables and flags give a text. */
export function checkSwitch(setting: Setting, findings: Findings): boolean | undefined {
  const { value } = setting;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  findings.reject(setting, 'is neither true nor false');
  return undefined;
}

/** YAML reads a bare 33 as a number. */
export function checkName(setting: Setting, findings: Findings): string | undefined {
  const { value } = setting;
  return checkText(Number.isSafeInteger(value) ? { ...setting, value: String(value) } : setting, findings);
}

export function checkText(setting: Setting, findings: Findings): string | undefined {
  const { value } = setting;
  if (typeof value === 'string' && value.trim() !== '' && !value.includes('\0')) return value;
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
  findings.reject(
    setting,
    isList ? 'is several values; give one' : 'is not a text of at least one character',
  );
  return undefined;
}

export function checkPath(setting: Setting, findings: Findings): string | undefined {
  const text = checkText(setting, findings);
  return text === undefined ? undefined : resolve(setting.folder, text);
}

/** A list (a flag gives one, repeated), or a text with commas (the form that variables have). Never empty. */
export function checkList(setting: Setting, findings: Findings): readonly string[] | undefined {
  const { value } = setting;
  const items: unknown[] =
    typeof value === 'string' ? value.split(',').map((item) => item.trim()) : [value].flat();
  const texts = items.filter((item) => typeof item === 'string').filter((item) => item !== '');
  if (texts.length === items.length && texts.length > 0) return texts;
  findings.reject(setting, 'is not a list of texts with at least one entry');
  return undefined;
}

const DESTINATION_FORMS =
  'hosts and ranges of addresses, with a port where it is neither 80 nor 443 (`crl.example`, `10.0.0.0/8`, `127.0.0.1:8080`, `[fd00::/8]:8080`)';
const HOST_FORMS = 'names of hosts (`ca.example`, or `.ca.example` for all names below it) and addresses';
const PROXY_FORMS =
  '`none`, `environment` (HTTP_PROXY, HTTPS_PROXY and NO_PROXY) or a URL (`http://proxy.example:3128`)';

function checkDestinations(setting: Setting, findings: Findings): readonly string[] | undefined {
  if (isEmptyList(setting)) return [];
  return checkList(setting, findings)?.filter((text) => {
    if (parseAllowedDestination(text) !== undefined) return true;
    findings.reject({ ...setting, value: text }, `is none of ${DESTINATION_FORMS}`);
    return false;
  });
}

function checkHosts(setting: Setting, findings: Findings): readonly string[] | undefined {
  if (isEmptyList(setting)) return [];
  return checkList(setting, findings)?.flatMap((text) => {
    const host = text.toLowerCase();
    if (isHostPattern(host)) return [host];
    findings.reject({ ...setting, value: text }, `is none of ${HOST_FORMS}`);
    return [];
  });
}

function isEmptyList({ value }: Setting): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}

function checkProxy(setting: Setting, findings: Findings): string | undefined {
  const { value } = setting;
  if (value === 'none' || value === 'environment') return value;
  if (typeof value === 'string' && isProxyUrl(value)) return value;
  findings.reject(setting, `is none of ${PROXY_FORMS}`);
  return undefined;
}

/** The problem does not quote the value, which may contain a password. */
function checkRedis(setting: Setting, findings: Findings): string | undefined {
  const { value, key, origin, folder } = setting;
  if (value === null || value === '') return '';
  if (typeof value === 'string' && parseRedisUrl(value) !== undefined) {
    return value.startsWith('unix:') ? `unix:${resolve(folder, value.slice('unix:'.length))}` : value;
  }
  findings.problem(key, `what ${origin} says is none of ${REDIS_FORMS}`);
  return undefined;
}

/** An http or https URL with a host and nothing after it. */
export function isProxyUrl(text: string): boolean {
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return false;
  const { pathname, search } = new URL(text);
  return pathname === '/' && search === '';
}

/** Trust anchors, the only lists of the table: the words `node` and `system`, or paths. */
export function checkAnchors(setting: Setting, findings: Findings): readonly string[] | undefined {
  return checkList(setting, findings)?.map((anchor) =>
    anchor === 'node' || anchor === 'system' ? anchor : resolve(setting.folder, anchor),
  );
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
