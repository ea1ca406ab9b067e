import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { type BoundAddress, holdsAllListening, kernelBacklog } from './kernel-backlog.js';

/** Octets of a table that are read at once. */
const PIECE = 64 * 1024;

/**
 * Reads the kernel's socket tables for backlog-reader.ts. With 10,000 connections to UNIX sockets that takes tens of
 * milliseconds, too long for the primary's event loop.
 */
stepBack();
parentPort?.on('message', (addresses: readonly BoundAddress[]) => {
  parentPort?.postMessage(kernelBacklog(tables(), addresses));
});

/** On Linux each thread has a priority of its own; other systems have no such tables. */
function stepBack(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
  } catch {
    // Without the lower priority it works nevertheless.
  }
}

function tables(): { tcp: string; tcp6: string; unix: string } {
  return {
    tcp: read(() => listening('/proc/net/tcp')),
    tcp6: read(() => listening('/proc/net/tcp6')),
    unix: read(() => readFileSync('/proc/net/unix', 'utf8')),
  };
}

/** Empty if there is no such table: another system, IPv6 switched off, /proc hidden. */
function read(table: () => string): string {
  try {
    return table();
  } catch {
    return '';
  }
}

/** The beginning of a TCP table, which holds all listening sockets. */
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
