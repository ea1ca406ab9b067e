import type { Certificate } from '../../x509/certificate.js';
import { type Failure, passableFailure } from '../failure.js';
import { searchPaths } from '../path/path-builder.js';
import { validatePath } from '../path/path-validator.js';
import type { RevocationInputs } from './revocation-inputs.js';
import { TrustStore } from '../trust-store.js';
import { isMoreSpecific } from '../verdict.js';
import { NO_POLICY, type ValidatedPath } from '../path/path-state.js';

/**
 * §6.3.3 (f): tries the paths from a signer of CRLs to the trust anchor of the path in question, each validated as the
 * profile judges every path but for purpose and policies, until `judge` accepts one. Returns what that returned, or the
 * most telling failure, if there was any path at all. Throws BUDGET_EXCEEDED.
 *
 * @param judge throws `VerifyError` or `X509Error` for a path that does not hold
 */
export function findSignerPath<T>(
  holder: Certificate,
  { signing, signatures }: RevocationInputs,
  judge: (validated: ValidatedPath) => T,
): { readonly accepted: T } | { readonly failure: Failure | undefined } {
  const { anchor, pool, validation } = signing;
  validation.budget.spendSteps(pool.length >> 4);
  let failure: Failure | undefined;
  const note = (found: Failure): void => {
    if (failure === undefined || isMoreSpecific(found, failure)) failure = found;
  };
  let accepted: { readonly accepted: T } | undefined;
  const search = {
    leaf: holder,
    pool: pool.filter(({ certificate }) => certificate !== holder),
    anchors: new TrustStore([anchor.certificate]),
    time: validation.time,
    signatures,
    budget: validation.budget,
    deadEnds: { deadEnd: note },
    trace: undefined,
    issuers: undefined,
  };
  const inputs = { ...validation, purpose: undefined, policy: NO_POLICY, trace: undefined };
  searchPaths(search, (path) => {
    try {
      accepted = { accepted: judge(validatePath(path, inputs)) };
      return 'stop';
    } catch (error) {
      note(passableFailure(error));
      return 'go on';
    }
  });
  return accepted ?? { failure };
}
