import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { configurationReference } from '../../src/config/reference.js';

test('docs/configuration.md is what the option table says (npm run docs writes it)', () => {
  const written = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(written).toBe(configurationReference());
});

test('the example of the reference is a configuration that loads', () => {
  const example = /```yaml\n(?<yaml>.*?)```/s.exec(configurationReference())?.groups?.['yaml'] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'pkixd-example-'));
  const file = join(folder, 'example.yaml');
  writeFileSync(file, example);
  try {
    expect(loadConfig({ file, env: {}, cwd: '/' }).profiles).toHaveProperty('internal-tls');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
