import { closeSync, openSync, readSync } from 'node:fs';
import { codeOf } from '../errors.js';
import { GrowingBuffer } from '../wire/growing-buffer.js';

/** The path for `-`. yargs loses a bare `-`, so it is replaced first. */
export const STANDARD_INPUT = '/dev/stdin';
const STDIN = 0;

/** Octets. The largest known CRLs are below 100 MiB; an endless device or pipe must not fill the memory. */
const MAX_INPUT = 128 * 1024 * 1024;
const CHUNK_OCTETS = 256 * 1024;
/** Milliseconds between two attempts to read a non-blocking standard input. */
const RETRY_MS = 10;

/** The content of a file, a pipe or standard input. Throws the system's errors, and for too large input. */
export function readInputFile(path: string): Buffer {
  // Read by its descriptor: if it is a socket, its path cannot be opened.
  const descriptor = path === STANDARD_INPUT ? STDIN : openSync(path, 'r');
  try {
    return readToEnd(descriptor);
  } finally {
    if (descriptor !== STDIN) closeSync(descriptor);
  }
}

function readToEnd(descriptor: number): Buffer {
  const input = new GrowingBuffer(MAX_INPUT + CHUNK_OCTETS);
  const chunk = Buffer.allocUnsafe(CHUNK_OCTETS);
  while (input.length <= MAX_INPUT) {
    const length = readSome(descriptor, chunk);
    if (length === 0) return input.take();
    input.add(chunk.subarray(0, length));
  }
  throw new Error(`it holds more than ${MAX_INPUT} bytes`);
}

function readSome(descriptor: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
