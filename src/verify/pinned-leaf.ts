import type { Certificate } from '../x509/certificate.js';
import { OID } from '../x509/oid.js';
import { passableFailure, VerifyError } from './failure.js';
import { checkForm } from './path/form.js';
import { named } from './named.js';
import { checkPathRevocation, type PathRevocation } from './revocation/path-revocation.js';
import { checkValidity, isSelfIssued } from './path/path-validator.js';
import { checkPeerNames, type PeerName } from './names/peer-name.js';
import { PolicyGraph } from './path/policy-graph.js';
import { checkLeafPurpose } from './path/profile-checks.js';
import type { RevocationInputs } from './revocation/revocation-inputs.js';
import { checkPinnedRules } from './rules/certificate-rules.js';
import type { TrustAnchor } from './trust-store.js';
import { failed, statusOf } from './verdict.js';
import type { ValidationInputs, ValidatedPath } from './path/path-state.js';
import type { Outcome } from './outcome.js';

/** A pinned leaf may stand under another anchor too: where that path holds, but for revocation, it decides. */
export function decidesOverPin({ code, revocation }: Outcome): boolean {
  return statusOf(code) === 'valid' || revocation.length > 0;
}

/**
 * A leaf that is itself a trust anchor, under a profile with `trust.leaf`: the pinned certificate of a peer. Nothing of
 * §6.1 stands between it and the anchor: no signature, no name above it and no basicConstraints count, and its own
 * signature is never asked for, as of any anchor (RFC 6818 §4). What is asked of every leaf is asked of it: its form and
 * critical extensions, its dates, its policies and purpose, the profile's rules for leaves, the names asked for; and a
 * key that can be used. Throws BUDGET_EXCEEDED.
 */
export function judgePinned(
  anchor: TrustAnchor,
  names: readonly PeerName[],
  inputs: ValidationInputs,
  revocation: RevocationInputs,
): Outcome {
  const outcome = judge(anchor, names, inputs, revocation);
  inputs.trace?.judged({ certificates: [anchor.certificate], anchor }, outcome);
  return outcome;
}

function judge(
  anchor: TrustAnchor,
  names: readonly PeerName[],
  inputs: ValidationInputs,
  revocation: RevocationInputs,
): Outcome {
  const { certificate } = anchor;
  const path = [certificate.fingerprint];
  try {
    const validated = validate(anchor, inputs);
    checkPeerNames([certificate], names, inputs.profile.rules, inputs.budget);
    const { policies } = validated;
    const { evidence, failure, until } = revocationOf(validated, revocation);
    if (failure !== undefined) return { ...failed(failure, path), revocation: evidence, policies };
    return {
      code: 'OK',
      message: 'trusted as an anchor itself (trust.leaf)',
      path,
      revocation: evidence,
      policies,
      validUntil: Math.min(until, certificate.notAfter),
    };
  } catch (error) {
    return failed(passableFailure(error), path);
  }
}

function validate(anchor: TrustAnchor, inputs: ValidationInputs): ValidatedPath {
  const { certificate } = anchor;
  inputs.trace?.checking(certificate);
  checkForm(certificate);
  checkValidity(certificate, inputs.time);
  const key = inputs.signatures.key(certificate);
  checkLeafPurpose(certificate, inputs);
  checkPinnedRules(certificate, inputs.profile.rules);
  const policies = policiesOf(certificate, inputs);
  return { path: { certificates: [certificate], anchor }, issuerKeys: [key], policies };
}

/** §6.1.3 (d)–(f) and §6.1.5 (g) for a path of this certificate alone. */
function policiesOf(certificate: Certificate, { policy, budget }: ValidationInputs): readonly string[] {
  const graph = new PolicyGraph();
  const stated = certificate.certificatePolicies;
  if (stated === undefined) graph.clear();
  else {
    budget.spendPolicies(stated.length);
    graph.addLevel(stated, policy.inhibitAny !== true);
  }
  const policies = graph.constrainedBy(policy.initial ?? [OID.anyPolicy]);
  const isExplicit = policy.explicit === true || certificate.policyConstraints?.requireExplicitPolicy === 0;
  if (isExplicit && policies.length === 0) {
    const message = `${named(certificate)} states none of the policies asked for`;
    throw new VerifyError('NO_VALID_POLICY', message, '6.1.5 (g)');
  }
  return policies;
}

const NOTHING_KNOWN: Pick<PathRevocation, 'evidence' | 'failure' | 'until'> = {
  evidence: [],
  failure: undefined,
  until: Infinity,
};

/**
 * No authority above an anchor gives its status, so none is needed: an anchor is revoked by removing it from the
 * configuration. But an available revocation that is signed with its own key, as when a root lists itself, counts.
 */
function revocationOf(
  validated: ValidatedPath,
  inputs: RevocationInputs,
): Pick<PathRevocation, 'evidence' | 'failure' | 'until'> {
  if (!isSelfIssued(validated.path.anchor.certificate)) return NOTHING_KNOWN;
  const found = checkPathRevocation(validated, inputs);
  if (found.failure?.code === 'REVOKED') return found;
  const evidence = found.evidence.filter(({ state }) => state === 'good');
  return { evidence, failure: undefined, until: found.until };
}
