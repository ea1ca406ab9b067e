import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import winston from 'winston';
import { PkixdError, messageOf } from '../errors.js';
import { LOG_LEVELS, type LogLevel, type LogRecord } from '../log.js';
import { openConsole } from './console.js';
import { makeDirectory } from './make-directory.js';

/** How long the last lines may take to reach the file, in milliseconds. */
const MAX_FLUSH = 5000;
/** After a failure (disk full, …) the file is opened again this much later, in milliseconds. */
const REOPEN_AFTER = 1000;
/** Records waiting to be written, at most. */
const MAX_WAITING = 20_000;

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
 * console. Lives in the primary alone, since lines are lost where several processes write one file. What cannot be
 * written is lost; it never stops the server.
 */
export class LogWriter {
  readonly #path: string;
  readonly #coloured: boolean;
  readonly #logger: winston.Logger;
  #file: winston.transport;
  #reopening: NodeJS.Timeout | undefined;
  #dropped = 0;
  #closed = false;

  /** Fails when the directory cannot be made or written to. */
  constructor(directory: string, terminal: Writable = openConsole()) {
    this.#path = join(directory, 'pkixd.log');
    checkWritable(directory, this.#path);
    this.#file = this.#openFile();
    this.#coloured = 'isTTY' in terminal && terminal.isTTY === true;
    const console = new winston.transports.Stream({
      stream: terminal,
      format: winston.format.printf((info) => String(info['readable'])),
    });
    this.#logger = winston.createLogger({
      levels: Object.fromEntries(LOG_LEVELS.map((level, rank) => [level, rank])),
      level: 'debug',
      transports: [console, this.#file],
    });
    // The failing transport has been dealt with; without a listener the error would end the process.
    this.#logger.on('error', () => undefined);
    // A terminal or pipe that went away.
    terminal.on('error', () => undefined);
  }

  readonly write = (record: LogRecord): void => {
    if (this.#closed) return;
    // A file or a terminal that does not keep up must not fill the memory.
    if (this.#logger.writableLength >= MAX_WAITING) {
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

  /** Closes the file and opens it by its name again, for log rotation. */
  reopen(): void {
    if (this.#closed) return;
    clearTimeout(this.#reopening);
    this.#reopening = undefined;
    this.#logger.remove(this.#file);
    this.#file = this.#openFile();
    this.#logger.add(this.#file);
  }

  /** Resolves when everything has been written, or could not be in time. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#reopening);
    const written = once(this.#file, 'finish', { signal: AbortSignal.timeout(MAX_FLUSH) });
    this.#logger.end();
    await written.catch(() => undefined);
  }

  #openFile(): winston.transport {
    const file = new winston.transports.File({
      filename: this.#path,
      format: winston.format.printf((info) => String(info['json'])),
    });
    file.on('error', () => {
      // The logger has dropped it by now: a stream that failed is not written to again.
      if (this.#closed || this.#reopening !== undefined || file !== this.#file) return;
      this.#reopening = setTimeout(() => this.reopen(), REOPEN_AFTER);
    });
    return file;
  }
}

function checkWritable(directory: string, path: string): void {
  try {
    makeDirectory(directory);
    closeSync(openSync(path, 'a'));
  } catch (error) {
    throw new PkixdError(
      'LOG_DIRECTORY',
      `log.directory "${directory}" cannot be written to (${messageOf(error)}); make it writable or choose another`,
      { cause: error },
    );
  }
}

function json({ time, level, source, pid, message, fields }: LogRecord): string {
  return safely({ timestamp: new Date(time).toISOString(), level, source, pid, message, fields });
}

function readable({ time, level, source, message, fields }: LogRecord, coloured: boolean): string {
  const details = Object.keys(fields).length > 0 ? ` ${safely(fields)}` : '';
  const word = coloured ? `${COLOURS[level]}${level}${NO_COLOUR}` : level;
  // A message may quote a client: it must not speak to the terminal.
  const line = message.replaceAll(/\p{Cc}/gu, ' ');
  return `${new Date(time).toISOString()} ${word} ${source}: ${line}${details}`;
}

/** msgpack brings integers beyond 2^53 as bigint, of which JSON knows nothing. */
function safely(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}
