import { readDivergences } from './divergences.js';
import { type CaseReport, count, type SuiteReport } from './run-suite.js';

/** The text of docs/conformance.md: what the suites' cases came to, and every one that is decided otherwise. */
export function conformancePage(reports: readonly SuiteReport[]): string {
  return [INTRODUCTION, table(reports), divergenceList(reports), dataList(reports)].join('\n');
}

const INTRODUCTION = `# Conformance

<!-- Written by npm run --silent conformance -- --page FILE…; edit conformance/, not this. -->

Public test suites, run through the engine as requests are. The data is no part of this repository; each file holds
about half of its suite. The suites contradict each other, so each case is judged by the profile whose rules it tests.
\`invalid\` is met by an \`invalid\` or an \`indeterminate\` verdict, \`valid\` by \`valid\` alone; PKITS's cases also check the
user-constrained policy set. A case that is not run belongs to another tool's private mode; a soft one is an outcome
of which its suite only warns.
`;

const HEAD = ['suite', 'judged by', 'run', 'passed', 'divergences', 'soft', 'failed', 'not run'];
/** The columns before it hold texts, the others numbers. */
const FIRST_NUMBER = 2;

function table(reports: readonly SuiteReport[]): string {
  const rows = reports.flatMap(({ suite, cases }) =>
    profilesOf(cases).map((profile) =>
      rowOf(
        suite,
        profile,
        cases.filter((one) => one.profile === profile),
      ),
    ),
  );
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (text: string, column: number): string =>
    column < FIRST_NUMBER ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  const rule = widths.map((width, column) =>
    column < FIRST_NUMBER ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const lines = [HEAD.map(pad), rule, ...rows.map((row) => row.map(pad))];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function profilesOf(cases: readonly CaseReport[]): string[] {
  return [...new Set(cases.map(({ profile }) => profile))].toSorted();
}

function rowOf(suite: string, profile: string, cases: readonly CaseReport[]): string[] {
  const { passed, failed, skipped, divergence, soft } = count(cases);
  const numbers = [cases.length - skipped, passed, divergence, soft, failed, skipped];
  return [suite, profile, ...numbers.map(String)];
}

function divergenceList(reports: readonly SuiteReport[]): string {
  const entries = reports.flatMap(({ suite, cases }) =>
    readDivergences()
      .filter((entry) => entry.suite === suite)
      .flatMap(({ id, section, why }) => {
        const found = cases.find((one) => one.id === id);
        if (found === undefined) return [];
        return [
          `- **\`${id}\`** (${suite}), expected ${found.expected}, here ${found.got}. ${section}: ${why}`,
        ];
      }),
  );
  return [
    '## Divergences\n',
    'Cases that are decided otherwise than their suite has it.\n',
    ...entries,
    '',
  ].join('\n');
}

function dataList(reports: readonly SuiteReport[]): string {
  const lines = reports.map(({ suite, digest }) => `- \`${suite}.json\`: \`${digest}\``);
  return ['## Data\n', "The files' SHA-256, shortened.\n", ...lines, ''].join('\n');
}
