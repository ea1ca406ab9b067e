import { readFileSync } from 'node:fs';
import { type CaseResult, runCase } from './run-case.js';
import type { Case, Suite } from './suite.js';

/** A case counts in exactly one of them. */
type Tally = 'passed' | 'failed' | 'skipped' | 'divergence' | 'soft';

interface CaseReport extends CaseResult {
  readonly id: string;
  readonly expected: string;
  readonly tally: Tally;
}

export interface SuiteReport {
  readonly suite: string;
  readonly counts: Readonly<Record<Tally, number>>;
  readonly cases: readonly CaseReport[];
}

/** Outcomes that differ from a suite's and were reviewed and found right: `[{ suite, id, why }]`. */
interface Divergence {
  readonly suite: string;
  readonly id: string;
  readonly why: string;
}

export function runSuite(suite: Suite): SuiteReport {
  const divergences = readDivergences();
  const cases = suite.cases.map((test) => report(suite.name, test, divergences));
  const counts = { passed: 0, failed: 0, skipped: 0, divergence: 0, soft: 0 };
  for (const { tally } of cases) counts[tally] += 1;
  return { suite: suite.name, counts, cases };
}

function report(suite: string, test: Case, divergences: readonly Divergence[]): CaseReport {
  const expected = test.params.expectedRevocation ?? test.expected;
  if (test.params.rfc5280Plain === false) {
    const message = "another tool's private mode";
    return {
      id: test.id,
      expected,
      tally: 'skipped',
      passed: false,
      got: 'skipped',
      code: 'SKIPPED',
      message,
    };
  }
  const result = runCase(suite, test);
  return { id: test.id, expected, ...result, tally: tallyOf(suite, test, result, divergences) };
}

function tallyOf(suite: string, test: Case, result: CaseResult, divergences: readonly Divergence[]): Tally {
  if (result.passed) return 'passed';
  if (divergences.some((listed) => listed.suite === suite && listed.id === test.id)) return 'divergence';
  return test.params.soft === true ? 'soft' : 'failed';
}

function readDivergences(): readonly Divergence[] {
  const content: unknown = JSON.parse(readFileSync(new URL('divergences.json', import.meta.url), 'utf8'));
  if (!Array.isArray(content) || !content.every(isDivergence)) {
    throw new Error('divergences.json: each entry needs suite, id and why');
  }
  return content;
}

function isDivergence(entry: unknown): entry is Divergence {
  if (typeof entry !== 'object' || entry === null) return false;
  return ['suite', 'id', 'why'].every((key) => typeof Reflect.get(entry, key) === 'string');
}
