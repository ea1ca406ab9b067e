import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';

const STATIC_IMPORT = /^(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"](?<target>[^'"]+)['"]/gm;

/** The packages that are loaded with an entry, before any of it runs. */
function packagesOf(entry: string): readonly string[] {
  const modules = new Set([join(process.cwd(), 'dist', entry)]);
  const packages = new Set<string>();
  // A set takes in what is added while it is walked through.
  for (const path of modules) {
    for (const { groups } of readFileSync(path, 'utf8').matchAll(STATIC_IMPORT)) {
      const target = groups?.['target'] ?? '';
      if (target.startsWith('.')) modules.add(join(dirname(path), target));
      else if (!target.startsWith('node:')) packages.add(target);
    }
  }
  return [...packages].toSorted();
}

// Each is loaded anew by every process and thread, and start to ready is mostly that.
test.each([
  ['cli/main.js', ['yargs']],
  ['cli/server/start.js', ['msgpackr', 'winston', 'yaml']],
  ['worker/main.js', ['lmdb', 'msgpackr']],
  ['worker/guard-thread.js', []],
  ['thread/main.js', ['lmdb', 'msgpackr']],
  ['thread/ingest.js', ['lmdb', 'msgpackr']],
  ['supervisor/listen/backlog-thread.js', []],
])('with %s come the packages %j and no others', (entry, packages) => {
  expect(packagesOf(entry)).toEqual(packages);
});
