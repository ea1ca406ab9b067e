import type { Certificate } from '../x509/certificate.js';
import { formatName } from '../x509/name.js';
import { VerifyError } from './failure.js';

/** §6.1.2 (b)(c): the constraints collected so far. None is understood yet, so a CA that has any is refused. */
export class NameConstraintState {
  #constrainedBy: Certificate | undefined;

  /** §6.1.4 (g) */
  add(certificate: Certificate): void {
    if (certificate.nameConstraints !== undefined) this.#constrainedBy ??= certificate;
  }

  /** §6.1.3 (b)(c) */
  check(_certificate: Certificate): void {
    if (this.#constrainedBy === undefined) return;
    const name = formatName(this.#constrainedBy.subject);
    throw new VerifyError('UNSUPPORTED_FEATURE', `the name constraints of ${name} are not understood yet`);
  }
}
