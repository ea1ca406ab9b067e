import { writeFileSync } from 'node:fs';
import { configurationReference } from '../src/config/reference.js';

/** Writes docs/configuration.md anew from the option table: npm run docs. A test holds the two together. */
writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationReference());
