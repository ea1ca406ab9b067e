import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { verdictCodeReference } from '../../src/wire/verdict-reference.js';

test('docs/verdict-codes.md is what the table of codes says (npm run docs writes it)', () => {
  const written = readFileSync(new URL('../../docs/verdict-codes.md', import.meta.url), 'utf8');
  expect(written).toBe(verdictCodeReference());
});
