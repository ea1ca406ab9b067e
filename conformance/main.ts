import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '../src/errors.js';
import { conformancePage } from './page.js';
import { runSuite, type SuiteReport } from './run-suite.js';
import { readSuite } from './suite.js';

/**
 * `npm run --silent conformance -- FILE… [--failures] [--json] [--page]`: runs suite files through the engine, a
 * line each. With --page it writes docs/conformance.md anew.
 * Exit code 0: no case failed; 1: some did; 64: nothing to run, or a file that is no suite.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    failures: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
});

try {
  if (positionals.length === 0)
    throw new Error('usage: npm run --silent conformance -- FILE… [--failures] [--json] [--page]');
  const reports = positionals.map((file) => runSuite(readSuite(file)));
  if (values.json)
    console.log(
      JSON.stringify(
        reports.map((report) => toJson(report, values.failures)),
        null,
        2,
      ),
    );
  else for (const report of reports) console.log(toText(report, values.failures));
  if (values.page)
    writeFileSync(new URL('../docs/conformance.md', import.meta.url), conformancePage(reports));
  process.exitCode = reports.some(({ counts }) => counts.failed > 0) ? 1 : 0;
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 64;
}

function toText({ suite, counts, cases }: SuiteReport, failures: boolean): string {
  const { passed, failed, skipped, divergence, soft } = counts;
  const line = `${suite}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${divergence} listed divergences, ${soft} soft`;
  if (!failures) return line;
  const failing = cases.filter(({ tally }) => tally === 'failed');
  return [
    line,
    ...failing.map(({ id, expected, got, code }) => `${id}, expected ${expected}, got ${got}, ${code}`),
  ].join('\n');
}

function toJson({ suite, counts, cases }: SuiteReport, failures: boolean): object {
  return { suite, ...counts, ...(failures && { failures: cases.filter(({ tally }) => tally === 'failed') }) };
}
