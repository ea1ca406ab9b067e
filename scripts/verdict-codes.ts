import { writeFileSync } from 'node:fs';
import { verdictCodeReference } from '../src/wire/verdict-reference.js';

/** Writes docs/verdict-codes.md anew from the table of codes: npm run docs. A test holds the two together. */
writeFileSync(new URL('../docs/verdict-codes.md', import.meta.url), verdictCodeReference());
