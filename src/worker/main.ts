// oxlint-disable-next-line import/no-unassigned-import -- it acts when it is imported, before all others
import './signals.js';
import { readFileSync } from 'node:fs';
import { PROTOCOLS } from '../protocol/index.js';
import { runWorker } from './worker.js';

/** The entry of a worker process: the one place where the server half meets the protocols and the task threads. */
const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

runWorker({
  protocols: PROTOCOLS,
  threadEntry: new URL('../thread/main.js', import.meta.url),
  version: versionOf(manifest),
});

function versionOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'version' in value
    ? String(value.version)
    : 'unknown';
}
