import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { codeOf } from '../../errors.js';

/** Bytes that may wait for a slow reader; further lines are dropped and counted. */
const MAX_WAITING = 256 * 1024;
/** Milliseconds between two attempts to write to a slow reader. */
const RETRY_MS = 100;

const STDOUT = 1;

const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * Standard output, for log lines: never blocks and never grows. Node's own writes to a terminal block the process while
 * the terminal is held (Ctrl-S), and output to a pipe that is not read piles up in memory.
 *
 *     write ──▶ waiting (bounded) ──▶ descriptor of our own, opened with O_NONBLOCK
 *                   └ full: the line is dropped; the number of dropped lines is printed when the reader is back
 */
export class Console extends Writable {
  readonly #descriptor: number;
  readonly isTTY: boolean;
  #waiting: Buffer[] = [];
  #size = 0;
  #dropped = 0;
  #retry: NodeJS.Timeout | undefined;

  /** @param descriptor a file, or opened with O_NONBLOCK; closed with the stream, but for standard output itself. */
  constructor(descriptor: number) {
    super({ decodeStrings: true });
    this.#descriptor = descriptor;
    this.isTTY = isatty(descriptor);
  }

  override _write(line: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#size + line.length > MAX_WAITING) this.#dropped += 1;
    else this.#add(line);
    this.#drain();
    // A line is taken or dropped at once, so that the stream's own buffer stays empty.
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#retry);
    this.#waiting = [];
    if (this.#descriptor !== STDOUT) closeSync(this.#descriptor);
    done(error);
  }

  #add(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#size += bytes.length;
  }

  #drain(): void {
    if (this.#retry !== undefined || this.destroyed) return;
    try {
      this.#writeAll();
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') {
        // The reader is gone for good (EPIPE, EIO).
        this.destroy();
        return;
      }
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#drain();
      }, RETRY_MS).unref();
    }
  }

  /** Throws EAGAIN when the reader has no room. */
  #writeAll(): void {
    for (let bytes = this.#next(); bytes; bytes = this.#next()) {
      const written = writeSync(this.#descriptor, bytes);
      this.#size -= written;
      if (written < bytes.length) this.#waiting[0] = bytes.subarray(written);
      else this.#waiting.shift();
    }
  }

  #next(): Buffer | undefined {
    if (this.#waiting.length === 0 && this.#dropped > 0) {
      this.#add(Buffer.from(`(${this.#dropped} lines were dropped: they were not read in time)\n`));
      this.#dropped = 0;
    }
    return this.#waiting[0];
  }
}

/**
 * The console on standard output. Its file is opened again: O_NONBLOCK belongs to the open file description, and the
 * inherited one is shared with the parent process. A socket cannot be opened again, but Node never blocks on one.
 */
export function openConsole(): Writable {
  // A file never blocks. Opened again it would have an offset of its own, and `> file 2>&1` would overwrite itself.
  if (fstatSync(STDOUT).isFile()) return new Console(STDOUT);
  try {
    return new Console(openSync('/proc/self/fd/1', O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY));
  } catch {
    return boundedStdout();
  }
}

function boundedStdout(): Writable {
  const { stdout } = process;
  // A command ends when its output is closed; a server does not.
  stdout.removeAllListeners('error').on('error', () => undefined);
  return new Writable({
    write(line, _encoding, done) {
      if (stdout.writableLength <= MAX_WAITING) stdout.write(line);
      done();
    },
  });
}
