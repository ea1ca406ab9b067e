import type { VerdictCode, RevocationEvidence } from '../wire/verdict.js';

/** What one path came to, or the request as a whole. */
export interface Outcome {
  readonly code: VerdictCode;
  readonly message: string;
  /** Of a valid one: the unknown revocation status that was forgiven. */
  readonly forgiven?: string;
  /** As in `Failure`. */
  readonly section?: string;
  /** SHA-256 of each certificate, leaf first, the anchor last. */
  readonly path: readonly string[];
  readonly revocation: readonly RevocationEvidence[];
  readonly policies: readonly string[];
  /** ms; `null`: nothing says when it ends. */
  readonly validUntil: number | null;
}
