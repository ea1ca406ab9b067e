import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { codeOf } from '../../../errors.js';
import { isIssued } from '../../../verify/revocation/crl-freshness.js';
import { latestOf, type Mark, markBytes, readMark, type ScopeMark } from './marks.js';
import { compareAge } from '../newer.js';

/** `mark`: by a scope's key; `floor`: by a signer's id (see keys.ts). */
type Kind = 'mark' | 'floor';

const FILE = 'crl-marks';
const LINE = /^((mark|floor) ([0-9a-f]{64}) ([A-Za-z0-9+/=]{1,2000})) ([0-9a-f]{8})$/;
/** The form of older releases. */
const OLD_LINE = /^(([0-9a-f]{64}) (-?\d{1,15}) (-|\d{1,60})) ([0-9a-f]{8})$/;
/** Octets above which it is rewritten with one line for each key, unless it consists mostly of such lines. */
const MAX_SIZE = 4 * 1024 ** 2;

/** By kind and key, hex. */
type Marks = ReadonlyMap<string, ScopeMark>;

/**
 * A copy of the high-water marks in a text file beside the environment, one line for each stored CRL. A damaged
 * environment is rebuilt with them, so that older CRLs are refused. A line that is incomplete after a crash, or has a
 * wrong checksum, is ignored.
 */
export class MarkJournal {
  readonly #path: string;
  readonly #now: () => number;
  #least = MAX_SIZE;

  /** @param now ms since 1970 */
  constructor(dataDirectory: string, now: () => number = Date.now) {
    this.#path = join(dataDirectory, FILE);
    this.#now = now;
  }

  append(kind: Kind, key: Buffer, mark: ScopeMark): void {
    appendFileSync(this.#path, lineOf(kind, key.toString('hex'), mark), { mode: 0o600 });
  }

  /** The newest mark of each key, but for those of times to come: a clock that was ahead wrote them. */
  read(): readonly { readonly kind: Kind; readonly key: Buffer; readonly mark: ScopeMark }[] {
    return [...this.#marks()].map(([name, mark]) => {
      const [kind, key = ''] = name.split(' ');
      return { kind: kind === 'floor' ? 'floor' : 'mark', key: Buffer.from(key, 'hex'), mark };
    });
  }

  /** The mark of a scope, where that of the environment cannot be read. */
  markOf(key: Buffer): ScopeMark | undefined {
    return this.#marks().get(`mark ${key.toString('hex')}`);
  }

  /**
   * Shortens the file when it has grown long, to what these are. What another process adds meanwhile may be lost here,
   * not in the store.
   */
  compact(marks?: Iterable<{ readonly kind: Kind; readonly key: Buffer; readonly mark: ScopeMark }>): void {
    if ((statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) <= this.#least) return;
    const kept = [...(marks ?? this.read())];
    const text = kept.map(({ kind, key, mark }) => lineOf(kind, key.toString('hex'), mark)).join('');
    const next = `${this.#path}.${process.pid}`;
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, this.#path);
    this.#least = Math.max(MAX_SIZE, 2 * text.length);
  }

  #marks(): Marks {
    const marks = new Map<string, ScopeMark>();
    const now = this.#now();
    for (const line of this.#text().split('\n')) {
      const read = readLine(line);
      if (read === undefined || !isIssued(read.mark.thisUpdate, { now })) continue;
      const before = marks.get(read.name);
      // Written later, it says all that was known then; but processes may write side by side.
      const age = compareAge(read.mark, before);
      if (age !== 'older') marks.set(read.name, age === 'same' ? joined(read.mark, before) : read.mark);
    }
    return marks;
  }

  #text(): string {
    try {
      return readFileSync(this.#path, 'latin1');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return '';
      throw error;
    }
  }
}

/** A dispute that either tells of stands. */
function joined(mark: ScopeMark, before: ScopeMark | undefined): ScopeMark {
  const disputes: readonly (Mark | undefined)[] = [mark.disputed, before?.disputed];
  const disputed = latestOf(disputes.filter((one) => one !== undefined));
  return disputed === undefined ? mark : { ...mark, disputed };
}

function readLine(line: string): { readonly name: string; readonly mark: ScopeMark } | undefined {
  const [, content = '', kind, key, record = '', sum] = LINE.exec(line) ?? [];
  if (key === undefined) return readOldLine(line);
  if (sum !== checksum(content)) return undefined;
  try {
    return { name: `${kind} ${key}`, mark: readMark(Buffer.from(record, 'base64')) };
  } catch {
    return undefined;
  }
}

function readOldLine(line: string): { readonly name: string; readonly mark: ScopeMark } | undefined {
  const [, content = '', key, thisUpdate, number, sum] = OLD_LINE.exec(line) ?? [];
  if (key === undefined || sum !== checksum(content)) return undefined;
  const mark = { thisUpdate: Number(thisUpdate), number: number === '-' ? null : BigInt(number ?? 0) };
  return { name: `mark ${key}`, mark };
}

function lineOf(kind: Kind, key: string, mark: ScopeMark): string {
  const content = `${kind} ${key} ${markBytes(mark).toString('base64')}`;
  return `${content} ${checksum(content)}\n`;
}

function checksum(content: string): string {
  return crc32(content).toString(16).padStart(8, '0');
}
