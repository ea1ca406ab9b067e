import type { Certificate } from '../../x509/certificate.js';
import { KeyUsageBit } from '../../x509/extensions.js';
import { nameDifference } from '../../x509/name-difference.js';
import { sameExactName } from '../../x509/name.js';
import { OID } from '../../x509/oid.js';
import { checkUnimportedKey } from '../../x509/public-key.js';
import type { Budget } from '../budget.js';
import type { CaKey } from '../keys/ca-key.js';
import { checkAuthorityForm, checkForm } from './form.js';
import { VerifyError } from '../failure.js';
import { cachedAuthorities, cacheAuthorities } from './authority-cache.js';
import { NameConstraintState } from '../names/name-constraints.js';
import { named } from '../named.js';
import { PolicyGraph } from './policy-graph.js';
import { checkAnchor, checkLeafPurpose, checkPurpose } from './profile-checks.js';
import type { Profile } from '../profiles.js';
import { checkCertificateRules, checkLeafRules } from '../rules/certificate-rules.js';
import type { CertificationPath } from '../certification-path.js';
import type { ValidationInputs, Authorities, ValidatedPath, State } from './path-state.js';

/**
 * RFC 5280 §6.1 in the RFC's own order and with its letters. Three deviations: revocation, (a)(3), is decided after the
 * path holds (revocation/path-revocation.ts); the anchor is checked as a certificate where the profile says so; key
 * purposes are checked along the way. Throws `VerifyError` or `X509Error` for the first step that does not hold.
 */
export function validatePath(path: CertificationPath, inputs: ValidationInputs): ValidatedPath {
  const leaf = path.certificates[0];
  if (leaf === undefined) throw new Error('a path has a leaf');
  const { trace, profile } = inputs;
  // A trace needs every step to be carried out.
  const known = trace === undefined ? cachedAuthorities(path, inputs) : undefined;
  const authorities = known ?? validateAuthorities(path, inputs);
  const { issuerKeys } = authorities;
  const state = stateForLeaf(authorities.state);
  processCertificate(leaf, path.certificates[1] ?? path.anchor.certificate, state, inputs, true);
  wrapUp(leaf, state, inputs.budget);
  if (known === undefined) {
    checkPurpose(path, inputs);
    checkCertificateRules(path, profile.rules, trace);
  } else {
    checkLeafPurpose(leaf, inputs);
    checkLeafRules(path, profile.rules);
  }
  const policies = outcomeOfPolicies(state, inputs);
  if (known === undefined) cacheAuthorities(path, inputs, authorities);
  return { path, issuerKeys, policies };
}

/** The anchor, and the steps for each certificate but the leaf, from the top down. */
function validateAuthorities(path: CertificationPath, inputs: ValidationInputs): Authorities {
  const { certificates, anchor } = path;
  checkDepth(certificates, inputs.profile);
  if (inputs.profile.rules.has('anchor-as-certificate')) {
    inputs.trace?.checking(anchor.certificate);
    checkAnchor(anchor.certificate, inputs);
  }
  const state = initialize(path, inputs);
  const issuerKeys: CaKey[] = [];
  for (let index = certificates.length - 1; index > 0; index -= 1) {
    const certificate = certificates[index];
    if (certificate === undefined) break;
    issuerKeys[index] = state.workingKey;
    processCertificate(certificate, certificates[index + 1] ?? anchor.certificate, state, inputs, false);
    prepareForNext(certificate, state, inputs);
  }
  issuerKeys[0] = state.workingKey;
  return { state, issuerKeys };
}

/** The state that the leaf's own steps change. */
function stateForLeaf(state: Readonly<State>): State {
  return {
    graph: state.graph.copy(),
    names: state.names,
    explicitPolicy: state.explicitPolicy,
    inhibitAnyPolicy: state.inhibitAnyPolicy,
    policyMapping: state.policyMapping,
    workingKey: state.workingKey,
    workingIssuer: state.workingIssuer,
    maxPathLength: state.maxPathLength,
  };
}

/** §6.1.2 */
function initialize({ certificates, anchor }: CertificationPath, inputs: ValidationInputs): State {
  const n = certificates.length;
  return {
    graph: new PolicyGraph(), // §6.1.2 (a)
    names: initialNames(anchor.certificate, inputs), // §6.1.2 (b), §6.1.2 (c)
    explicitPolicy: inputs.policy.explicit === true ? 0 : n + 1, // §6.1.2 (d)
    inhibitAnyPolicy: inputs.policy.inhibitAny === true ? 0 : n + 1, // §6.1.2 (e)
    policyMapping: inputs.policy.inhibitMapping === true ? 0 : n + 1, // §6.1.2 (f)
    workingKey: inputs.signatures.key(anchor.certificate), // §6.1.2 (g), §6.1.2 (h), §6.1.2 (i)
    workingIssuer: anchor.subject, // §6.1.2 (j)
    maxPathLength: anchorPathLength(anchor.certificate, inputs) ?? n, // §6.1.2 (k)
  };
}

/** §6.1.3 */
function processCertificate(
  certificate: Certificate,
  issuer: Certificate,
  state: State,
  inputs: ValidationInputs,
  isLeaf: boolean,
): void {
  inputs.trace?.checking(certificate);
  if (isLeaf) checkForm(certificate);
  else checkAuthorityForm(certificate);
  // §6.1.3 (a)(1)
  inputs.signatures.checkCertificate(certificate, state.workingKey, issuer);
  // §6.1.3 (a)(2)
  checkValidity(certificate, inputs.time);
  // §6.1.3 (a)(4)
  if (!sameExactName(certificate.issuer, state.workingIssuer)) {
    // Only explain pays for it.
    const difference = inputs.trace && nameDifference(certificate.issuer, state.workingIssuer);
    const why = difference === undefined ? '' : `: ${difference}`;
    throw new VerifyError(
      'NAME_CHAINING',
      `the issuer of ${named(certificate)} is not the subject above it${why}`,
    );
  }
  const isSelfIssuedCa = !isLeaf && isSelfIssued(certificate);
  // §6.1.3 (b), §6.1.3 (c)
  if (!isSelfIssuedCa) state.names.check(certificate, inputs.budget, inputs.trace);
  // §6.1.3 (d), §6.1.3 (e)
  const policies = certificate.certificatePolicies;
  if (policies === undefined) state.graph.clear();
  else {
    inputs.budget.spendPolicies(policies.length);
    state.graph.addLevel(policies, state.inhibitAnyPolicy > 0 || isSelfIssuedCa);
  }
  // §6.1.3 (f)
  checkPolicy(certificate, state);
}

/** §6.1.4 */
function prepareForNext(certificate: Certificate, state: State, inputs: ValidationInputs): void {
  // §6.1.4 (a), §6.1.4 (b)
  mapPolicies(certificate, state, inputs.budget);
  // §6.1.4 (c)
  state.workingIssuer = certificate.subject;
  // §6.1.4 (d), §6.1.4 (e), §6.1.4 (f)
  state.workingKey = inputs.signatures.key(certificate, state.workingKey);
  // §6.1.4 (g)
  state.names.add(certificate);
  const selfIssued = isSelfIssued(certificate);
  // §6.1.4 (h)
  if (!selfIssued) {
    state.explicitPolicy = Math.max(0, state.explicitPolicy - 1);
    state.policyMapping = Math.max(0, state.policyMapping - 1);
    state.inhibitAnyPolicy = Math.max(0, state.inhibitAnyPolicy - 1);
  }
  // §6.1.4 (i)
  const constraints = certificate.policyConstraints;
  state.explicitPolicy = Math.min(state.explicitPolicy, constraints?.requireExplicitPolicy ?? Infinity);
  state.policyMapping = Math.min(state.policyMapping, constraints?.inhibitPolicyMapping ?? Infinity);
  // §6.1.4 (j)
  state.inhibitAnyPolicy = Math.min(state.inhibitAnyPolicy, certificate.inhibitAnyPolicy ?? Infinity);
  // §6.1.4 (k): a certificate of version 1 or 2 has no basicConstraints either, and nothing else shows here that it is
  // a CA
  if (certificate.basicConstraints?.ca !== true) {
    throw new VerifyError('NOT_A_CA', `${named(certificate)} issues certificates but is no CA`);
  }
  // §6.1.4 (l)
  if (!selfIssued) {
    if (state.maxPathLength <= 0) {
      throw new VerifyError('PATH_LENGTH', `${named(certificate)} stands deeper than a CA above it allows`);
    }
    state.maxPathLength -= 1;
  }
  // §6.1.4 (m)
  state.maxPathLength = Math.min(state.maxPathLength, certificate.basicConstraints.pathLength ?? Infinity);
  // §6.1.4 (n)
  const usage = certificate.keyUsage;
  if (usage !== undefined && (usage & KeyUsageBit.keyCertSign) === 0) {
    throw new VerifyError('KEY_USAGE', `${named(certificate)} issues certificates without keyCertSign`);
  }
  // §6.1.4 (o): in checkForm
}

/** §6.1.5 */
function wrapUp(certificate: Certificate, state: State, budget: Budget): void {
  // §6.1.5 (a)
  state.explicitPolicy = Math.max(0, state.explicitPolicy - 1);
  // §6.1.5 (b)
  if (certificate.policyConstraints?.requireExplicitPolicy === 0) state.explicitPolicy = 0;
  // §6.1.5 (c), §6.1.5 (d), §6.1.5 (e): the leaf's key is checked, and not imported: it issues nothing here
  if (!certificate.hasPlainGoodKey) {
    checkUnimportedKey(certificate, state.workingKey.publicKey.dsaParameters, (cost) => {
      budget.spendSignature(cost);
    });
  }
  // §6.1.5 (f): in checkForm
}

/** §6.1.5 (g) */
function outcomeOfPolicies(state: State, inputs: ValidationInputs): readonly string[] {
  const policies = state.graph.constrainedBy(inputs.policy.initial ?? [OID.anyPolicy]);
  if (state.explicitPolicy === 0 && policies.length === 0) {
    throw new VerifyError(
      'NO_VALID_POLICY',
      'none of the policies asked for holds for the whole path',
      '6.1.5 (g)',
    );
  }
  return policies;
}

/** §6.1.3 (a)(2); both ends count (§4.1.2.5). */
export function checkValidity(certificate: Certificate, time: number): void {
  if (time < certificate.notBefore) {
    const begin = new Date(certificate.notBefore).toISOString();
    throw new VerifyError('NOT_YET_VALID', `${named(certificate)} is valid from ${begin}`);
  }
  if (time > certificate.notAfter) {
    const end = new Date(certificate.notAfter).toISOString();
    throw new VerifyError('EXPIRED', `${named(certificate)} was valid until ${end}`);
  }
}

/** §6.1.3 (f) */
function checkPolicy(certificate: Certificate, state: State): void {
  if (state.explicitPolicy > 0 || !state.graph.isEmpty) return;
  throw new VerifyError(
    'NO_VALID_POLICY',
    `no policy holds for the path down to ${named(certificate)}`,
    '6.1.3 (f)',
  );
}

/** §6.1.4 (a), §6.1.4 (b) */
function mapPolicies(certificate: Certificate, state: State, budget: Budget): void {
  const mappings = certificate.policyMappings;
  if (mappings === undefined) return;
  budget.spendPolicies(mappings.length);
  for (const { issuerDomainPolicy, subjectDomainPolicy } of mappings) {
    if (issuerDomainPolicy === OID.anyPolicy || subjectDomainPolicy === OID.anyPolicy) {
      throw new VerifyError('MAPPING_ANY_POLICY', `${named(certificate)} maps anyPolicy`);
    }
  }
  if (state.policyMapping > 0) state.graph.map(mappings);
  else state.graph.removeMapped(mappings);
}

/** The profile's bound on the path, which counts as pathLenConstraint does (§4.2.1.9): self-issued ones are free. */
function checkDepth(certificates: readonly Certificate[], { maxIntermediates }: Profile): void {
  if (maxIntermediates === null || certificates.length - 1 <= maxIntermediates) return;
  const intermediates = certificates.slice(1).filter((authority) => !isSelfIssued(authority)).length;
  if (intermediates > maxIntermediates) {
    throw new VerifyError(
      'PATH_LENGTH',
      `the path has ${intermediates} intermediates; the profile allows ${maxIntermediates}`,
      'profile',
    );
  }
}

/** An anchor that counts as a certificate bounds the path below it as a CA would. */
function anchorPathLength(anchor: Certificate, inputs: ValidationInputs): number | undefined {
  if (!inputs.profile.rules.has('anchor-as-certificate')) return undefined;
  return anchor.basicConstraints?.pathLength;
}

/** §6.1.1 (h), §6.1.1 (i): an anchor that counts as a certificate constrains names as a CA would. */
function initialNames(anchor: Certificate, inputs: ValidationInputs): NameConstraintState {
  const names = new NameConstraintState();
  if (inputs.profile.rules.has('anchor-as-certificate')) names.add(anchor);
  return names;
}

/** §6.1: the same name as subject and issuer. */
export function isSelfIssued(certificate: Certificate): boolean {
  return sameExactName(certificate.subject, certificate.issuer);
}
