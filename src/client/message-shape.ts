import type { Refusal } from '../wire/message.js';
import { VERDICT_CODES, type Verdict } from '../wire/verdict.js';

type Fields = Readonly<Record<string, unknown>>;

const STATUSES: ReadonlySet<unknown> = new Set(['valid', 'invalid', 'indeterminate']);

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The parts of a greeting that a client needs. */
export function toGreeting(
  body: unknown,
): { readonly version: number; readonly maxInFlight: number } | undefined {
  if (!isFields(body) || body['protocol'] !== 'pkixd' || !isFields(body['limits'])) return undefined;
  const { version } = body;
  const { maxInFlight } = body['limits'];
  return typeof version === 'number' && typeof maxInFlight === 'number'
    ? { version, maxInFlight }
    : undefined;
}

export function toRefusal(value: unknown): Refusal | undefined {
  if (!isFields(value)) return undefined;
  const { code, message, retryAfter } = value;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return { code, message, ...(isMilliseconds(retryAfter) && { retryAfter }) };
}

/** An invalid hint is ignored. */
function isMilliseconds(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

/**
 * Whether it is a verdict, as far as a client acts on it. The status must be that of the code in the table; a code that
 * only a newer server knows must not be valid.
 */
export function isVerdict(body: unknown): body is Verdict {
  if (!isFields(body)) return false;
  const { status, code, message, path } = body;
  if (typeof code !== 'string' || typeof message !== 'string' || !Array.isArray(path)) return false;
  const known = Object.entries(VERDICT_CODES).find(([word]) => word === code)?.[1];
  return known ? known[0] === status : STATUSES.has(status) && status !== 'valid';
}
