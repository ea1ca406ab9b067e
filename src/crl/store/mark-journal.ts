import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { codeOf } from '../../errors.js';
import { isIssued } from '../../verify/crl-freshness.js';
import { compareAge } from './newer.js';
import type { Mark } from './records.js';

const FILE = 'crl-marks';
const LINE = /^(([0-9a-f]{64}) (-?\d{1,15}) (-|\d{1,60})) ([0-9a-f]{8})$/;
/** Above this it is written anew, one line a key. */
const MAX_SIZE = 4 * 1024 ** 2;

/**
 * The high-water marks once more, in a text file beside the environment, one line for each CRL taken: what a damaged
 * environment is rebuilt with, so that no older CRL gets in. A line cut off by a crash, or not as it was
 * written by its checksum, is passed over.
 */
export class MarkJournal {
  readonly #path: string;
  readonly #now: () => number;

  /** @param now ms since 1970 */
  constructor(dataDirectory: string, now: () => number = Date.now) {
    this.#path = join(dataDirectory, FILE);
    this.#now = now;
  }

  append(key: Buffer, mark: Mark): void {
    appendFileSync(this.#path, lineOf(key.toString('hex'), mark), { mode: 0o600 });
  }

  /** The newest mark of each key, hex, but for those of times to come: a clock that was ahead wrote them. */
  read(): ReadonlyMap<string, Mark> {
    const marks = new Map<string, Mark>();
    const now = this.#now();
    for (const line of this.#text().split('\n')) {
      const [, content = '', key, thisUpdate, number, sum] = LINE.exec(line) ?? [];
      if (key === undefined || sum !== checksum(content)) continue;
      const mark = { thisUpdate: Number(thisUpdate), number: number === '-' ? null : BigInt(number ?? 0) };
      if (!isIssued(mark.thisUpdate, { now })) continue;
      const age = compareAge(mark, marks.get(key));
      if (age !== 'older' && age !== 'same') marks.set(key, mark);
    }
    return marks;
  }

  /** Shortens the file when it has grown long. What another process adds meanwhile may be lost here, not in the store. */
  compact(): void {
    if ((statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) <= MAX_SIZE) return;
    const lines = [...this.read()].map(([key, mark]) => lineOf(key, mark));
    const next = `${this.#path}.${process.pid}`;
    writeFileSync(next, lines.join(''), { mode: 0o600 });
    renameSync(next, this.#path);
  }

  #text(): string {
    try {
      return readFileSync(this.#path, 'latin1');
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return '';
      throw thrown;
    }
  }
}

function lineOf(key: string, { thisUpdate, number }: Mark): string {
  const content = `${key} ${thisUpdate} ${number ?? '-'}`;
  return `${content} ${checksum(content)}\n`;
}

function checksum(content: string): string {
  return crc32(content).toString(16).padStart(8, '0');
}
