import type { Certificate } from '../x509/certificate.js';
import type { Failure } from './failure.js';
import type { CertificationPath } from './certification-path.js';
import type { Outcome } from './outcome.js';

/**
 * Told how a verdict comes about, for `pkixd explain`. An ordinary request has none, and then nothing is gathered
 * for it. What is told follows the search: depth first, the likeliest branch first.
 */
export interface Trace {
  /** The certificate whose checks of §6.1 begin now: the failure that follows, if any, is about it. */
  checking(certificate: Certificate): void;
  /** A path reached a trust anchor and was judged. */
  judged(path: CertificationPath, outcome: Outcome): void;
  /** A branch was given up below any trust anchor; leaf first, the certificate that was of no use last. */
  givenUp(certificates: readonly Certificate[], failure: Failure): void;
}
