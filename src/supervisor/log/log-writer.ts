import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import winston from 'winston';
import { PkixdError, messageOf } from '../../errors.js';
import { Logger, LOG_LEVELS, type LogLevel, type LogRecord } from '../../log.js';
import { openConsole } from './console.js';
import { LogFile, type RotationLimits } from './log-file.js';
import { checkDirectory, DirectoryTrustError } from '../host/directory-trust.js';
import { makeDirectory } from '../host/make-directory.js';

/** Milliseconds that the last lines may take to reach the file. */
const MAX_FLUSH = 5000;
/** Bytes waiting to be written, at most. */
const MAX_WAITING = 16 * 1024 * 1024;

const COLOURS: Readonly<Record<LogLevel, string>> = {
  error: '\u001B[31m',
  warn: '\u001B[33m',
  info: '\u001B[32m',
  verbose: '\u001B[36m',
  debug: '\u001B[90m',
};
const NO_COLOUR = '\u001B[0m';

/**
 * Writes the log of all processes: one JSON object a line into `log.directory`/pkixd.log, and readable lines to the
 * console. Only the primary writes, since lines get lost if several processes write one file. Lines that cannot be
 * written are lost; this never stops the server.
 */
export class LogWriter {
  readonly #coloured: boolean;
  readonly #logger: winston.Logger;
  readonly #file: LogFile;
  #dropped = 0;
  #closed = false;

  /** Fails if the directory cannot be made, written to or trusted. */
  constructor(directory: string, limits: RotationLimits, terminal: Writable = openConsole()) {
    const doubts: string[] = [];
    this.#file = openFile(directory, limits, (message) => doubts.push(message));
    this.#coloured = 'isTTY' in terminal && terminal.isTTY === true;
    this.#logger = winston.createLogger({
      levels: Object.fromEntries(LOG_LEVELS.map((level, rank) => [level, rank])),
      level: 'debug',
      transports: [transport(terminal, 'readable'), transport(this.#file, 'json')],
    });
    // The transport has dealt with its error; without a listener the event would end the process.
    this.#logger.on('error', () => undefined);
    // The terminal or pipe is closed.
    terminal.on('error', () => undefined);
    const log = new Logger('warn', 'primary', this.write);
    for (const doubt of doubts) log.warn(doubt);
  }

  readonly write = (record: LogRecord): void => {
    if (this.#closed) return;
    // A slow file must not fill the memory.
    if (this.#file.writableLength >= MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      const message = `${this.#dropped} lines of the log were dropped: it is written too slowly`;
      this.#dropped = 0;
      this.write({ ...record, level: 'warn', message, fields: {} });
    }
    const { level } = record;
    this.#logger.write({
      level,
      message: '',
      json: json(record),
      readable: readable(record, this.#coloured),
    });
  };

  /** Opens the file by its name again, for tools that rotate logs. */
  reopen(): void {
    this.#file.reopen();
  }

  /** Resolves when everything was written, or the time for that is over. */
  async close(): Promise<void> {
    this.#closed = true;
    const written = once(this.#file, 'finish', { signal: AbortSignal.timeout(MAX_FLUSH) });
    this.#logger.once('finish', () => this.#file.end());
    this.#logger.end();
    await written.catch(() => undefined);
  }
}

function openFile(directory: string, limits: RotationLimits, warn: (message: string) => void): LogFile {
  try {
    makeDirectory(directory);
    checkDirectory('log.directory', directory, 'LOG_DIRECTORY', warn);
    return new LogFile(join(directory, 'pkixd.log'), limits);
  } catch (error) {
    if (error instanceof DirectoryTrustError) throw error;
    throw new PkixdError(
      'LOG_DIRECTORY',
      `log.directory "${directory}" cannot be written to (${messageOf(error)}); make it writable or choose another`,
      { cause: error },
    );
  }
}

/** Writes lines to a stream in the form that `write` makes. */
function transport(stream: Writable, form: 'readable' | 'json'): winston.transport {
  const format = winston.format.printf((info) => String(info[form]));
  return new winston.transports.Stream({ stream, format });
}

function json({ time, level, source, pid, message, fields }: LogRecord): string {
  return safely({ timestamp: new Date(time).toISOString(), level, source, pid, message, fields });
}

function readable({ time, level, source, message, fields }: LogRecord, coloured: boolean): string {
  const details = Object.keys(fields).length > 0 ? ` ${safely(fields)}` : '';
  const word = coloured ? `${COLOURS[level]}${level}${NO_COLOUR}` : level;
  // A message may quote a client, so control characters are escaped for the terminal.
  const line = message.replaceAll(/\p{Cc}/gu, ' ');
  return `${new Date(time).toISOString()} ${word} ${source}: ${line}${details}`;
}

/** msgpack decodes integers beyond 2^53 as bigint, which JSON cannot write. */
function safely(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}
