import type { Verdict, VerdictCode } from '../wire/verdict.js';

/**
 * The verdict for a request that could not be processed: an answer, not an error of the request. The certificate is not
 * parsed here, on the event loop: it may be what the thread died of.
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
