import type { Verdict, VerdictCode } from '../wire/verdict.js';

export interface KeepInputs {
  /** The request asks about the present time. */
  readonly isForNow: boolean;
  /** A CRL or certificate that was fetched did not come; it may come next time. */
  readonly isShort: boolean;
  /** The longest time in ms that a verdict is kept; its CRLs must be noted as in use at that interval. */
  readonly longest: number;
  /** ms within which a folder of CRLs is looked at again. */
  readonly folder: number;
  /** ms since 1970. */
  readonly now: number;
}

/** ms for a verdict that is unknown, forgiven or invalid, since it may change without an event. */
const UNSURE = 60_000;

/** Codes that another attempt may change. */
const NEVER: ReadonlySet<VerdictCode> = new Set([
  'INTERNAL',
  'TIMEOUT',
  'BUDGET_EXCEEDED',
  'FETCH_FAILED',
  'FETCH_REFUSED',
  'FETCH_LIMIT',
  'NOT_YET_VALID',
  'CRL_NOT_YET_VALID',
]);

/** Until when a verdict may answer the same request, ms since 1970; `undefined`: not at all. */
export function keepFor(verdict: Verdict, inputs: KeepInputs): number | undefined {
  const { isForNow, isShort, longest, folder, now } = inputs;
  if (!isForNow || NEVER.has(verdict.code)) return undefined;
  if (isShort && verdict.status === 'indeterminate') return undefined;
  const isSure = verdict.code === 'OK' && !isShort;
  const end = verdict.validUntil === null ? Infinity : Date.parse(verdict.validUntil);
  return Math.min(end, now + Math.min(folder, isSure ? longest : UNSURE));
}
