import { closeSync, fstatSync, openSync, readdirSync, readSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../errors.js';
import { StoreError } from './store-error.js';

/** The environment's folder within `data.directory`, and its file. */
export const ENVIRONMENT = 'crl-store';
const DATA_FILE = 'data.mdb';
/** The store's file within `data.directory`. */
export const STORE_FILE = join(ENVIRONMENT, DATA_FILE);
const DAMAGED = `${ENVIRONMENT}.damaged-`;

export function environmentPath(dataDirectory: string): string {
  return join(dataDirectory, ENVIRONMENT);
}

/** The identity of an environment, which differs for a later one at the same path; `undefined` if there is none. */
export function identityOf(path: string): string | undefined {
  const file = openData(path);
  if (file === undefined) return undefined;
  try {
    const { dev, ino } = fstatSync(file);
    return `${dev} ${ino}`;
  } finally {
    closeSync(file);
  }
}

/** Fields of LMDB's meta pages, the first two of the file, as offsets into a page. */
const MAGIC = 0x18;
const PAGE_SIZE = 0x30;
const LAST_PAGE = 0x90;
const TRANSACTION = 0x98;
const META_END = 0xa0;
const MAGIC_WORD = 0xbeefc0de;

/**
 * Is the file whole, as far as its meta pages tell? A file that was cut short would end the process that maps it, with
 * no error to catch. Throws STORE_DAMAGED.
 */
export function checkDataFile(path: string): void {
  const file = openData(path);
  if (file === undefined) return;
  try {
    const { size } = fstatSync(file);
    // Made, and not yet written to.
    if (size === 0) return;
    const first = readMeta(file, 0);
    const pageSize = first.readUInt32LE(PAGE_SIZE);
    if (first.readUInt32LE(MAGIC) !== MAGIC_WORD || pageSize < 512 || pageSize > 65_536)
      throw damaged(path, 'its first page is not that of a store');
    const second = readMeta(file, pageSize);
    if (second.readUInt32LE(MAGIC) !== MAGIC_WORD)
      throw damaged(path, 'its second page is not that of a store');
    const newer = second.readBigUInt64LE(TRANSACTION) > first.readBigUInt64LE(TRANSACTION) ? second : first;
    const wanted = (newer.readBigUInt64LE(LAST_PAGE) + 1n) * BigInt(pageSize);
    // The size again: another process may have written meanwhile.
    if (BigInt(fstatSync(file).size) < wanted)
      throw damaged(path, `it was cut short: ${size} bytes of ${wanted} are there`);
  } finally {
    closeSync(file);
  }
}

/**
 * Puts a damaged environment aside, unless another process has done so already; an older one that was put aside goes.
 * Returns where it lies now.
 */
export function setAside(path: string, identity: string | undefined, now: number): string | undefined {
  if (identity === undefined || identityOf(path) !== identity) return undefined;
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(DAMAGED)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const aside = `${path}.damaged-${new Date(now).toISOString().replaceAll(':', '')}`;
  renameSync(path, aside);
  return basename(aside);
}

function openData(path: string): number | undefined {
  try {
    return openSync(join(path, DATA_FILE), 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function readMeta(file: number, at: number): Buffer {
  const meta = Buffer.alloc(META_END);
  readSync(file, meta, 0, META_END, at);
  return meta;
}

function damaged(path: string, why: string): StoreError {
  return new StoreError('STORE_DAMAGED', `the CRL store ${path} is damaged: ${why}`);
}
