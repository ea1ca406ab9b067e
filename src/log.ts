/** From the most urgent to the chattiest; a logger passes on its own level and everything before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'verbose', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line of the log. Workers send these to the primary, which alone writes files. */
export interface LogRecord {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  /** The process that logs: `primary`, `worker 3`, … */
  readonly source: string;
  readonly pid: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type LogSink = (record: LogRecord) => void;

/** Stamps records and hands those of its level and above to a sink: a file writer, or the link to the primary. */
export class Logger {
  #threshold: number;
  readonly #source: string;
  readonly #sink: LogSink;

  constructor(level: LogLevel, source: string, sink: LogSink) {
    this.#threshold = LOG_LEVELS.indexOf(level);
    this.#source = source;
    this.#sink = sink;
  }

  setLevel(level: LogLevel): void {
    this.#threshold = LOG_LEVELS.indexOf(level);
  }

  /** Whether a record of this level would be passed on: ask before building costly fields. */
  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) <= this.#threshold;
  }

  /** The same logger with another level. */
  at(level: LogLevel): Logger {
    return new Logger(level, this.#source, this.#sink);
  }

  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write('error', message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write('warn', message, fields);
  }

  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write('info', message, fields);
  }

  verbose(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write('verbose', message, fields);
  }

  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#write('debug', message, fields);
  }

  #write(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (!this.enabled(level)) return;
    this.#sink({ time: Date.now(), level, message, source: this.#source, pid: process.pid, fields });
  }
}
