import { type Divergence, readDivergences } from './divergences.js';
import { wantedOutcome } from './expectation.js';
import { profileOf } from './profile-of.js';
import { type CaseResult, runCase } from './run-case.js';
import type { Case, Suite } from './suite.js';

/** A case counts in exactly one of them. */
export type Tally = 'passed' | 'failed' | 'skipped' | 'divergence' | 'soft';

export interface CaseReport extends CaseResult {
  readonly id: string;
  /** What the case was judged by, for people. */
  readonly profile: string;
  readonly expected: string;
  readonly tally: Tally;
}

export interface SuiteReport {
  readonly suite: string;
  readonly digest: string;
  readonly counts: Readonly<Record<Tally, number>>;
  readonly cases: readonly CaseReport[];
}

/** The list must be exact for the cases present: one that is listed and passes has failed. */
export function runSuite(suite: Suite, divergences = readDivergences()): SuiteReport {
  const listed = new Set(divergences.filter((entry) => entry.suite === suite.name).map(({ id }) => id));
  const cases = suite.cases.map((test) => report(suite.name, test, listed));
  return { suite: suite.name, digest: suite.digest, counts: count(cases), cases };
}

export function count(cases: readonly Pick<CaseReport, 'tally'>[]): Record<Tally, number> {
  const counts = { passed: 0, failed: 0, skipped: 0, divergence: 0, soft: 0 };
  for (const { tally } of cases) counts[tally] += 1;
  return counts;
}

function report(suite: string, test: Case, listed: ReadonlySet<Divergence['id']>): CaseReport {
  const { id, params } = test;
  const about = { id, profile: profileOf(suite, test), expected: wantedOutcome(test).text };
  if (params.rfc5280Plain === false) {
    const message = "another tool's private mode";
    return { ...about, tally: 'skipped', passed: false, got: 'skipped', code: 'SKIPPED', message };
  }
  const result = runCase(suite, test);
  if (result.passed && listed.has(id)) {
    const message = 'the case passes: take it off divergences.json';
    return { ...about, ...result, tally: 'failed', code: 'STALE_DIVERGENCE', message };
  }
  return { ...about, ...result, tally: tallyOf(test, result, listed.has(id)) };
}

function tallyOf({ params }: Case, { passed }: CaseResult, isListed: boolean): Tally {
  if (passed) return 'passed';
  if (isListed) return 'divergence';
  return params.soft === true ? 'soft' : 'failed';
}
