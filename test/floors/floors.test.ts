// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

// A scratch tree under the project's own rules shows what the lint forbids.
const CONFIG = 'oxlint.config.mjs';
const scratch = mkdtempSync(join(tmpdir(), 'pkixd-floors-'));
copyFileSync(CONFIG, join(scratch, CONFIG));
afterAll(() => rmSync(scratch, { recursive: true }));

function findings(file: string, imported: string): string {
  const path = join(scratch, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `import { x } from '${imported}';\nexport const y = x;\n`);
  const oxlint = join(process.cwd(), 'node_modules/oxlint/bin/oxlint');
  const run = spawnSync(process.execPath, [oxlint, '-c', CONFIG, file], { cwd: scratch, encoding: 'utf8' });
  rmSync(path);
  return run.stdout;
}

test.each([
  ['src/log.ts', './wire/frame.js', 'Floor 0'],
  ['src/config/a.ts', '../wire/task.js', 'siblings'],
  ['src/x509/a.ts', '../verify/verify.js', 'higher floor'],
  ['src/x509/a.ts', 'node:fs', 'pure'],
  ['src/verify/a.ts', 'node:net', 'sockets'],
  ['src/verify/a.ts', '../crl/directory.js', 'higher floor'],
  ['src/crl/a.ts', '../protocol/line.js', 'siblings'],
  ['src/crl/a.ts', 'node:worker_threads', 'sockets'],
  ['src/worker/a.ts', '../supervisor/status.js', 'siblings'],
  ['src/worker/a.ts', '../verify/verify.js', 'knows nothing of certificates'],
  ['src/worker/a.ts', '../wire/verdict.js', 'knows nothing of certificates'],
  ['src/supervisor/a.ts', '../protocol/index.js', 'knows nothing of certificates'],
  ['src/thread/a.ts', '../cli/main.js', 'higher floor'],
  ['src/verify/path/a.ts', '../revocation/crl-status.js', 'lower rooms only'],
  ['src/verify/names/a.ts', '../keys/ca-key.js', 'lower rooms only'],
  ['src/supervisor/listen/a.ts', '../fleet/fleet.js', 'lower rooms only'],
  ['src/worker/threads/a.ts', '../connection/connection.js', 'lower rooms only'],
  ['src/worker/requests/a.ts', '../../verify/verify.js', 'knows nothing of certificates'],
])('%s may not import %s', (file, imported, why) => {
  expect(findings(file, imported)).toContain(why);
});

test.each([
  ['src/verify/a.ts', '../x509/der.js'],
  ['src/worker/main.ts', '../protocol/index.js'],
  ['src/crl/ingest-handle.ts', 'node:worker_threads'],
  ['src/worker/a.ts', '../wire/ipc.js'],
  ['src/cli/a.ts', '../supervisor/main.js'],
  ['src/verify/revocation/a.ts', '../path/path-validator.js'],
  ['src/supervisor/fleet/a.ts', '../dispatch/dispatcher.js'],
])('%s may import %s', (file, imported) => {
  expect(findings(file, imported)).not.toContain('no-restricted-imports');
});
