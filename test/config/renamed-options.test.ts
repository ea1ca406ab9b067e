import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { OPTIONS } from '../../src/config/option-table.js';
import { oldNames, renamedTo } from '../../src/config/renamed-options.js';

const cwd = mkdtempSync(join(tmpdir(), 'pkixd-config-'));
afterAll(() => rmSync(cwd, { recursive: true }));

test.each([...oldNames()])('%s is refused with the name of today, wherever it comes from', (key) => {
  const today = renamedTo(key) ?? '';
  expect(Object.keys(OPTIONS)).toContain(today);
  const says = `${key}: this option is called ${today} now`;
  writeFileSync(join(cwd, 'pkixd.config.yaml'), `${key}: 1\n`);
  expect(() => loadConfig({ env: {}, cwd })).toThrow(`${says} (from pkixd.config.yaml)`);
  rmSync(join(cwd, 'pkixd.config.yaml'));
  const variable = `PKIXD_${key
    .replace(/(?=[A-Z])/g, '_')
    .replace('.', '_')
    .toUpperCase()}`;
  expect(() => loadConfig({ env: { [variable]: '1' }, cwd })).toThrow(`${says} (from ${variable})`);
  expect(() => loadConfig({ env: {}, cwd, flags: { [key]: '1' } })).toThrow(`${says} (from --${key})`);
});
