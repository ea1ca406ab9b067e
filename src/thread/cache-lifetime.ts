import type { Verdict, VerdictCode } from '../wire/verdict.js';

export interface KeepInputs {
  /** No past instant was asked for. */
  readonly isForNow: boolean;
  /** Something that was asked for did not come: it may the next time. */
  readonly isShort: boolean;
  /** ms that any verdict may be kept: by then its CRLs must be seen to be in use. */
  readonly longest: number;
  /** ms within which a folder of CRLs is looked at again. */
  readonly folder: number;
  /** ms since 1970. */
  readonly now: number;
}

/** What is not known, or only forgiven, or invalid: time may change that without a sign. ms */
const UNSURE = 60_000;

/** What another attempt, or the next moment, may answer otherwise. */
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

/** Until when a verdict answers for the same request, ms since 1970; `undefined`: not at all. */
export function keepFor(verdict: Verdict, inputs: KeepInputs): number | undefined {
  const { isForNow, isShort, longest, folder, now } = inputs;
  if (!isForNow || NEVER.has(verdict.code)) return undefined;
  if (isShort && verdict.status === 'indeterminate') return undefined;
  const isSure = verdict.code === 'OK' && !isShort;
  const end = verdict.validUntil === null ? Infinity : Date.parse(verdict.validUntil);
  return Math.min(end, now + Math.min(folder, isSure ? longest : UNSURE));
}
