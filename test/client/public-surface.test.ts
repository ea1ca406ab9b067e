import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import * as client from '../../src/client/index.js';

test('every error that docs/client.md names is exported by the package', () => {
  const named = new Set(readFileSync('docs/client.md', 'utf8').match(/\b[A-Z]\w*Error\b/g));
  expect(named.size).toBeGreaterThan(8);
  for (const name of named) expect(Object.keys(client)).toContain(name);
});

test('every error class that is exported is named in docs/client.md', () => {
  const page = readFileSync('docs/client.md', 'utf8');
  const classes = Object.keys(client).filter((name) => name.endsWith('Error'));
  for (const name of classes) expect(page).toContain(name);
});
