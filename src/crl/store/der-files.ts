import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/config.js';
import { codeOf, messageOf } from '../../errors.js';
import { StoreError } from './store-error.js';

/** Somebody is to be served the CRLs themselves. */
export function keepsDer({ listeners }: Pick<Config, 'listeners'>): boolean {
  return listeners.some(({ protocol }) => protocol === 'crl-proxy');
}

/**
 * The CRLs' own bytes, in a file each beside the environment, kept if there is a CRL proxy. They belong to a generation
 * like its buckets: written before the switch to it, and removed with it. A reader with an open file may read it to its
 * end.
 */
export function derFile(environmentPath: string, generation: number): string {
  return join(environmentPath, `${generation}.der`);
}

const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EFBIG', 'EDQUOT']);
const DER_FILE = /^(\d{1,15})\.der$/;

/** On disk when it resolves. Throws STORE_FAILED. */
export async function writeDer(environmentPath: string, generation: number, der: Uint8Array): Promise<void> {
  const path = derFile(environmentPath, generation);
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(der);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    const hint = NO_ROOM.has(codeOf(error)) ? '; is there room on the disk?' : '';
    throw new StoreError('STORE_FAILED', `${path} cannot be written: ${messageOf(error)}${hint}`, {
      cause: error,
    });
  }
}

/** It was kept, and is there. */
export function isKept(
  environmentPath: string,
  { generation, derBytes }: { readonly generation: number; readonly derBytes: number },
): boolean {
  if (derBytes === 0) return false;
  return statSync(derFile(environmentPath, generation), { throwIfNoEntry: false })?.size === derBytes;
}

export function removeDer(environmentPath: string, generation: number): void {
  rmSync(derFile(environmentPath, generation), { force: true });
}

/** Generations that have a file. */
export function derGenerations(environmentPath: string): readonly number[] {
  return readdirSync(environmentPath).flatMap((name) => {
    const [, generation] = DER_FILE.exec(name) ?? [];
    return generation === undefined ? [] : [Number(generation)];
  });
}

/** Octets read at a time: little enough that the event loop does not notice. */
const PIECE = 64 * 1024;

/**
 * A reader must be faster than this, in octets per ms, plus a minute; slower ones would keep the space of a superseded
 * CRL for long.
 */
const SLOWEST = 16;
const READER_GRACE_MS = 60_000;
/** No room for another file. */
const NO_FILES: ReadonlySet<unknown> = new Set(['ENOENT', 'EMFILE', 'ENFILE']);

/** A file in pieces, for one who sends it on. */
export class DerPieces {
  readonly #path: string;
  readonly #size: number;
  readonly #now: () => number;
  #file: number | undefined;
  #position = 0;
  #openedAt = 0;

  /** @param now ms, of a clock that only goes forward */
  constructor(path: string, size: number, now: () => number) {
    this.#path = path;
    this.#size = size;
    this.#now = now;
  }

  /** False where it is gone, or cannot be opened now. From then on it may be read whatever becomes of it. */
  open(): boolean {
    this.#openedAt = this.#now();
    try {
      this.#file = openSync(this.#path, 'r');
      if (fstatSync(this.#file).size === this.#size) return true;
    } catch (error) {
      if (!NO_FILES.has(codeOf(error))) throw error;
    }
    this.close();
    return false;
  }

  /** `undefined` at the end. */
  next(): Buffer | undefined {
    if (this.#file === undefined || this.#position === this.#size) return undefined;
    if (this.#now() - this.#openedAt > READER_GRACE_MS + this.#size / SLOWEST)
      throw new StoreError('STORE_FAILED', `the client takes too long to read ${this.#size} octets`);
    const piece = Buffer.allocUnsafe(Math.min(PIECE, this.#size - this.#position));
    const length = readSync(this.#file, piece, 0, piece.length, this.#position);
    if (length === 0) throw new StoreError('STORE_FAILED', `${this.#path} is shorter than it was`);
    this.#position += length;
    return piece.subarray(0, length);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
