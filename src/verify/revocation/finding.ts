import type { CandidateCrl } from '../crl-source.js';
import type { Failure } from '../failure.js';
import type { RevocationReason } from '../../x509/crl.js';
import type { OCSP_SOURCE } from '../../wire/verdict.js';
import type { SingleResponse } from '../../x509/ocsp.js';

/** The status of one certificate, with its CRL or other source. */
export type Finding<Source = CandidateCrl> =
  | { readonly state: 'good'; readonly from: Source; /** ms */ readonly until: number }
  | Revocation<Source>
  | { readonly state: 'unknown'; readonly from: Source | undefined; readonly failure: Failure };

export interface Revocation<Source = CandidateCrl> {
  readonly state: 'revoked';
  readonly from: Source;
  readonly date: number;
  readonly reason: RevocationReason | undefined;
}

/** The status of one certificate, and its source. */
export type StatusFinding = Finding<CandidateCrl | OcspSource>;

/** The OCSP response that a finding rests on. */
export interface OcspSource {
  readonly source: typeof OCSP_SOURCE;
  readonly response: SingleResponse;
}
