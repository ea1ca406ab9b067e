import { LAST_INSTANT } from '../instant.js';
import { type Verdict, VERDICT_CODES, type VerdictCode } from '../wire/verdict.js';
import type { Failure, FailureCode } from './failure.js';
import { type Judged, judgedText } from './judged.js';
import type { Outcome } from './outcome.js';

const STATUS_RANK = { invalid: 0, indeterminate: 1, valid: 2 } as const;
const RANKS: ReadonlyMap<string, number> = new Map(
  Object.entries(VERDICT_CODES).map(([code, [status]], index) => [code, STATUS_RANK[status] * 1000 + index]),
);

/**
 * Of several failed paths, an indeterminate one is reported before an invalid one (it may still become valid), then the
 * one with the more specific code, which is further down in the table.
 */
export function isMoreSpecific(
  a: { readonly code: VerdictCode },
  b: { readonly code: VerdictCode },
): boolean {
  return rank(a.code) > rank(b.code);
}

export function statusOf(code: VerdictCode): Verdict['status'] {
  return VERDICT_CODES[code][0];
}

/** A failure without a path. */
export function failed(
  { code, message, section }: Failure,
  path: readonly string[] = [],
): Outcome & { code: FailureCode } {
  const outcome = { code, message, path, revocation: [], policies: [], validUntil: null };
  return section === undefined ? outcome : { ...outcome, section };
}

/** The result in words, without the name of the judged certificate. */
export function outcomeText({ message, forgiven }: Outcome): string {
  return forgiven === undefined ? message : `${message}; forgiven: ${forgiven}`;
}

/** `now` in ms. */
export function toVerdict(outcome: Outcome, judged: Judged, now: number): Verdict {
  const status = statusOf(outcome.code);
  return {
    status,
    code: outcome.code,
    message: judgedText(outcome, status === 'valid', judged),
    subject: judged.subject,
    issuer: judged.issuer,
    serial: judged.serial,
    path: outcome.path,
    revocation: outcome.revocation,
    policies: outcome.policies,
    checkedAt: isoTime(now),
    validUntil: outcome.validUntil === null ? null : isoTime(outcome.validUntil),
  };
}

/** The last times written, each in its slot: the clock's and a CA's end recur, and writing one costs much more. */
const written = Array.from({ length: 64 }, () => ({ time: 0, text: new Date(0).toISOString() }));

/** ISO 8601, UTC, of ms since 1970; of what a Date cannot hold, its end. */
export function isoTime(time: number): string {
  const slot = (time >>> 0) % written.length;
  const known = written[slot];
  if (known?.time === time) return known.text;
  const text = new Date(Math.max(-LAST_INSTANT, Math.min(LAST_INSTANT, time))).toISOString();
  written[slot] = { time, text };
  return text;
}

function rank(code: VerdictCode): number {
  return RANKS.get(code) ?? 0;
}
