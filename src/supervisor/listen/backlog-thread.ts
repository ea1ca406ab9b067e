import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { type BoundAddress, holdsAllListening, kernelBacklog } from './kernel-backlog.js';

/** Octets of a table that are read at once. */
const PIECE = 64 * 1024;

/**
 * Reads the kernel's socket tables for backlog-reader.ts. With 10,000 connections by UNIX sockets that takes tens of
 * milliseconds, which the primary's own loop does not have, nor any worker on the same core.
 */
stepBack();
parentPort?.on('message', (addresses: readonly BoundAddress[]) => {
  parentPort?.postMessage(kernelBacklog(tables(), addresses));
});

/** Linux schedules threads, each by a priority of its own; elsewhere there are no tables to be read. */
function stepBack(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
  } catch {
    // It goes on in turns with all others.
  }
}

function tables(): { tcp: string; tcp6: string; unix: string } {
  return {
    tcp: read(() => listening('/proc/net/tcp')),
    tcp6: read(() => listening('/proc/net/tcp6')),
    unix: read(() => readFileSync('/proc/net/unix', 'utf8')),
  };
}

/** Empty where there is no such table: another system, IPv6 switched off, /proc hidden. */
function read(table: () => string): string {
  try {
    return table();
  } catch {
    return '';
  }
}

/** Of a TCP table no more than its listening sockets, and what happened to be read with them. */
function listening(path: string): string {
  const file = openSync(path, 'r');
  try {
    const piece = Buffer.allocUnsafe(PIECE);
    let text = '';
    for (let size = -1; size !== 0 && !holdsAllListening(text);) {
      size = readSync(file, piece);
      text += piece.toString('latin1', 0, size);
    }
    return text;
  } finally {
    closeSync(file);
  }
}
