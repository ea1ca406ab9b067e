import { hash } from 'node:crypto';
import { PkixdError } from '../../errors.js';
import type { IngestOutcome, IngestRequest } from '../../wire/ingest.js';

/** The error in the content of a CRL, found before anything was changed. */
export class RefusedError extends Error {
  override readonly cause: PkixdError;
  /** For any want. */
  readonly isForAll: boolean;

  constructor(cause: PkixdError, isForAll: boolean) {
    super(cause.message);
    this.cause = cause;
    this.isForAll = isForAll;
  }
}

/** Refusals that the same content meets again, whatever the time is and whatever the store has. */
const LASTING: ReadonlySet<string> = new Set([
  'CRL_MALFORMED',
  'CRL_SCOPE',
  'CRL_BAD_SIGNATURE',
  'CRL_CRITICAL_EXTENSION',
]);

/** Throws `RefusedError` in place of a `PkixdError`. */
export function refusing<T>(isForAll: boolean, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof PkixdError ? new RefusedError(error, isForAll) : error;
  }
}

export function refusedFor(
  { content, source }: IngestRequest,
  { cause, isForAll }: RefusedError,
): IngestOutcome {
  const code = crlCode(cause.code);
  const refused = { kind: 'refused', code, message: `${source}: ${cause.message}` } as const;
  if (!('der' in content) || !LASTING.has(code)) return refused;
  return { ...refused, digest: digestOf(content.der), isForAll };
}

/** The content was refused before: nothing of it is looked at but its digest. */
export function knownRefusal({ content, refused }: IngestRequest): IngestOutcome | undefined {
  if (refused === undefined || !('der' in content) || digestOf(content.der) !== refused.digest)
    return undefined;
  return { kind: 'refused', ...refused };
}

function digestOf(der: Uint8Array): string {
  return hash('sha256', der, 'hex');
}

/** A parser's words speak of a certificate; here it was the CRL. */
export function crlCode(code: string): string {
  if (code === 'STORE_DAMAGED' || code === 'STORE_ODD') return 'STORE_FAILED';
  const isParsing = code === 'MALFORMED' || code === 'DUPLICATE_EXTENSION' || code === 'ALGORITHM_MISMATCH';
  return isParsing ? 'CRL_MALFORMED' : code;
}
