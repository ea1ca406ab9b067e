import type { Verdict, VerdictCode } from '../wire/verdict.js';

/**
 * A verdict was owed and none could be reached: that is an answer, not an error of the request's. The certificate is
 * not read here, where all requests pass: it may be what the thread died of.
 */
export function verdictOfFailure(code: VerdictCode, message: string): Verdict {
  return {
    status: 'indeterminate',
    code,
    message,
    subject: null,
    issuer: null,
    serial: null,
    path: [],
    revocation: [],
    policies: [],
    checkedAt: new Date().toISOString(),
    validUntil: null,
  };
}
