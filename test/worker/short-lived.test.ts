import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isRecord } from '../../src/worker/check-to-worker.js';

test('what comes and goes with requests and connections leaves nothing to full collections', () => {
  const script = join(process.cwd(), 'test/worker/short-lived.mjs');
  // The old generation's bytes are seen only where no full collection takes them away.
  const flags = ['--max-semi-space-size=1', '--initial-old-space-size=512'];
  const output = execFileSync(process.execPath, [...flags, script, join(process.cwd(), 'dist')]);
  const result: unknown = JSON.parse(String(output));
  if (!isRecord(result)) throw new Error('no result');
  const bytesEach = Number(result['grown']) / Number(result['count']);
  expect(bytesEach).toBeLessThan(5);
});
