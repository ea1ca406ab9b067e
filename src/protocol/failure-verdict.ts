import type { Verdict, VerdictCode } from '../wire/verdict.js';

/** A verdict was owed and none could be reached: that is an answer, not an error of the request's. */
export function verdictOfFailure(code: VerdictCode, message: string): Verdict {
  return {
    status: 'indeterminate',
    code,
    message,
    path: [],
    revocation: [],
    policies: [],
    checkedAt: new Date().toISOString(),
    validUntil: null,
  };
}
