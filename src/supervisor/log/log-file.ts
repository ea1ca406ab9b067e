import { closeSync, constants, fstatSync, openSync, renameSync, write } from 'node:fs';
import { Writable } from 'node:stream';
import { codeOf, messageOf } from '../../errors.js';

export interface RotationLimits {
  /** Bytes beyond which the file is rotated before the next line; 0: never, an outside tool rotates it (SIGUSR1). */
  readonly maxSize: number;
  /** The number of older files to keep. */
  readonly keep: number;
}

/** Milliseconds after a failure (disk full, …) in which nothing is written; lines of that time are lost. */
const RETRY_PAUSE_MS = 1000;
/** Octets of one write to the disk, roughly. */
const MAX_WRITE = 256 * 1024;

type Done = () => void;

/**
 * The log file. Every chunk written to it is one line or several, and is never split between two files.
 *
 *     pkixd.log ──▶ pkixd.log.1 ──▶ pkixd.log.2 ──▶ … ──▶ pkixd.log.KEEP ──▶ gone
 *
 * It never fails: lines that cannot be written are lost and counted, and their number is written once that is possible
 * again.
 */
export class LogFile extends Writable {
  readonly #path: string;
  readonly #limits: RotationLimits;
  readonly #now: () => number;
  #fd: number;
  #size: number;
  #reopen = false;
  #restsUntil = -Infinity;
  #lost = 0;
  #trouble = '';

  /** Throws when the file cannot be opened. @param now Milliseconds, monotonic. */
  constructor(path: string, limits: RotationLimits, now: () => number = () => performance.now()) {
    super({ decodeStrings: true });
    this.#path = path;
    this.#limits = limits;
    this.#now = now;
    this.#fd = openToAppend(path);
    this.#size = fstatSync(this.#fd).size;
  }

  /** Opens the file by its name again before the next line. */
  reopen(): void {
    this.#reopen = true;
  }

  override _write(line: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#writeAll([line], done);
  }

  /** Lines that came during the last write go out together: one write for each line is too slow under load. */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this.#writeAll(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  #writeAll(lines: readonly Buffer[], done: Done): void {
    const [first] = lines;
    if (first === undefined) return done();
    if (this.#now() < this.#restsUntil) return this.#lose('', lines.length, done);
    try {
      this.#prepare(first.length);
    } catch (error) {
      return this.#lose(messageOf(error), lines.length, done);
    }
    const batch = lines.slice(0, this.#fitting(lines));
    const bytes = Buffer.concat(this.#lost > 0 ? [this.#confession(), ...batch] : batch);
    this.#append(bytes, batch.length, () => {
      this.#writeAll(lines.slice(batch.length), done);
    });
  }

  /** How many of these lines fit into the open file; at least the first one. */
  #fitting(lines: readonly Buffer[]): number {
    const room = this.#limits.maxSize > 0 ? this.#limits.maxSize - this.#size : Infinity;
    let size = 0;
    let count = 0;
    for (const { length } of lines) {
      size += length;
      if (count > 0 && size > Math.min(room, MAX_WRITE)) break;
      count++;
    }
    return count;
  }

  override _final(done: Done): void {
    closeSync(this.#fd);
    done();
  }

  /** Opens the right file for a line of this length. */
  #prepare(length: number): void {
    const { maxSize } = this.#limits;
    const full = maxSize > 0 && this.#size > 0 && this.#size + length > maxSize;
    if (!full && !this.#reopen) return;
    if (full && !this.#reopen) this.#putAside();
    const fd = openToAppend(this.#path);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    this.#reopen = false;
  }

  #putAside(): void {
    for (let age = this.#limits.keep; age >= 1; age -= 1)
      renameIfThere(this.#older(age - 1), this.#older(age));
  }

  #older(age: number): string {
    return age === 0 ? this.#path : `${this.#path}.${age}`;
  }

  /** The kernel may write only a part, on a disk that is nearly full. */
  #append(bytes: Buffer, count: number, done: Done): void {
    write(this.#fd, bytes, (error, written) => {
      if (error) return this.#lose(messageOf(error), count, done);
      this.#size += written;
      if (written < bytes.length) return this.#append(bytes.subarray(written), count, done);
      this.#lost = 0;
      done();
    });
  }

  #lose(why: string, count: number, done: Done): void {
    this.#lost += count;
    if (why !== '') {
      this.#trouble = why;
      this.#restsUntil = this.#now() + RETRY_PAUSE_MS;
      // Opening the file again by its name may help.
      this.#reopen = true;
    }
    done();
  }

  /** Begins with a line feed, since the failed write may have left half a line. */
  #confession(): Buffer {
    const message = `${this.#lost} lines of the log were lost: ${this.#trouble}`;
    const timestamp = new Date().toISOString();
    const record = { timestamp, level: 'error', source: 'primary', pid: process.pid, message, fields: {} };
    return Buffer.from(`\n${JSON.stringify(record)}\n`);
  }
}

const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A link in its place could lead to any file that this process may write. Opening it fails with ELOOP. */
function openToAppend(path: string): number {
  // Opening a FIFO without a reader fails instead of blocking.
  return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666);
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
}
