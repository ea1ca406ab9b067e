import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { conformancePage } from '../../conformance/page.js';
import { runSuite } from '../../conformance/run-suite.js';
import { readSuite, type Suite } from '../../conformance/suite.js';
import { testWithData } from '../component.js';

function readSuites(folder: string): Suite[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.toSorted().map((file) => readSuite(join(folder, file)));
}

testWithData(
  'docs/conformance.md is what the suites come to (npm run conformance -- --page FILE… writes it)',
  '.',
  (folder) => {
    const written = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
    const suites = readSuites(folder);
    if (suites.every(({ digest }) => written.includes(digest))) {
      expect(conformancePage(suites.map((suite) => runSuite(suite)))).toBe(written);
    } else {
      console.log('not compared: docs/conformance.md was made from other data than that of this machine');
    }
  },
);
