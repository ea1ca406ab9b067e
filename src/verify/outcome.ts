import type { VerdictCode, RevocationEvidence } from '../wire/verdict.js';

/** The result of one path, or of the request. */
export interface Outcome {
  readonly code: VerdictCode;
  readonly message: string;
  /** If valid: the unknown revocation status that was forgiven. */
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
