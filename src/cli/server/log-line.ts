import { LOG_LEVELS, type LogLevel } from '../../log.js';
import { printable } from '../context.js';

export interface LogFilter {
  /** This level and the more urgent ones. */
  readonly level: LogLevel;
  readonly worker?: number;
}

/** A line of pkixd.log in readable form; undefined if the filter drops it. A line that is not JSON is not changed. */
export function formatLogLine(line: string, filter: LogFilter): string | undefined {
  const record = parse(line);
  if (!record) return line.trim() === '' ? undefined : printable(line);
  const { timestamp, level, source, message, fields } = record;
  const rank = LOG_LEVELS.findIndex((known) => known === level);
  if (rank > LOG_LEVELS.indexOf(filter.level)) return undefined;
  if (filter.worker !== undefined && source !== `worker ${filter.worker}`) return undefined;
  const rest = Object.entries(fields ?? {}).map(([key, value]) => ` ${key}=${text(value)}`);
  const head = [timestamp, text(level).padEnd(7), text(source).padEnd(9)].map(text).join(' ');
  return printable(`${head} ${text(message)}${rest.join('')}`);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '-');
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
