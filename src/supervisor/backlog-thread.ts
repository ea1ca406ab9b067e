import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { type BoundAddress, kernelBacklog } from './kernel-backlog.js';

/**
 * Reads the kernel's socket tables for backlog-reader.ts: with 8,000 connections that takes tens of milliseconds,
 * which the primary's own loop does not have.
 */
parentPort?.on('message', (addresses: readonly BoundAddress[]) => {
  parentPort?.postMessage(kernelBacklog(tables(), addresses));
});

function tables(): { tcp: string; tcp6: string; unix: string } {
  return { tcp: read('/proc/net/tcp'), tcp6: read('/proc/net/tcp6'), unix: read('/proc/net/unix') };
}

/** Empty where there is no such table: another system, IPv6 switched off, /proc hidden. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
