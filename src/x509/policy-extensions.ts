import { contextPrimitive, type DerReader, TAG } from './der.js';
import type { PolicyConstraints, PolicyInformation, PolicyMapping } from './extensions.js';
import { spendWork, WORK } from './work.js';
import { malformed } from './x509-error.js';

/** §4.2.1.4: "A certificate policy OID MUST NOT appear more than once". */
export function readCertificatePolicies(r: DerReader): readonly PolicyInformation[] {
  const what = 'certificatePolicies';
  const policies: PolicyInformation[] = [];
  const seen = new Set<string>();
  const outer = r.enterNonEmpty(TAG.sequence, what);
  while (!r.done) {
    spendWork(WORK.policy);
    const outerPolicy = r.enter(TAG.sequence, what);
    const oid = r.oid(what);
    policies.push({ oid, ...(r.done ? NO_QUALIFIERS : readQualifiers(r, what)) });
    r.leave(outerPolicy, what);
    if (seen.has(oid)) throw malformed(`${what} names ${oid} twice`);
    seen.add(oid);
  }
  r.leave(outer, what);
  return policies;
}

type Qualifiers = Pick<PolicyInformation, 'qualifiers' | 'qualifierOids'>;

const NO_QUALIFIERS: Qualifiers = { qualifiers: null, qualifierOids: [] };

function readQualifiers(r: DerReader, what: string): Qualifiers {
  const outer = r.enterNonEmpty(TAG.sequence, what);
  const qualifiers = r.element();
  const qualifierOids: string[] = [];
  while (!r.done) {
    spendWork(WORK.oid);
    const outerQualifier = r.enter(TAG.sequence, what);
    qualifierOids.push(r.oid(what));
    r.next(`${what}.qualifier`);
    r.leave(outerQualifier, what);
  }
  r.leave(outer, what);
  return { qualifiers, qualifierOids };
}

/** §4.2.1.5; a mapping to or from anyPolicy is the validator's matter. */
export function readPolicyMappings(r: DerReader): readonly PolicyMapping[] {
  const what = 'policyMappings';
  const mappings: PolicyMapping[] = [];
  const outer = r.enterNonEmpty(TAG.sequence, what);
  while (!r.done) {
    spendWork(WORK.policy);
    const outerMapping = r.enter(TAG.sequence, what);
    mappings.push({ issuerDomainPolicy: r.oid(what), subjectDomainPolicy: r.oid(what) });
    r.leave(outerMapping, what);
  }
  r.leave(outer, what);
  return mappings;
}

/** §4.2.1.11: "MUST NOT [be] an empty sequence". */
export function readPolicyConstraints(r: DerReader): PolicyConstraints {
  const what = 'policyConstraints';
  const found: { -readonly [K in keyof PolicyConstraints]: PolicyConstraints[K] } = {};
  const outer = r.enterNonEmpty(TAG.sequence, what);
  if (r.peek() === contextPrimitive(0)) found.requireExplicitPolicy = r.unsigned(what, contextPrimitive(0));
  if (r.peek() === contextPrimitive(1)) found.inhibitPolicyMapping = r.unsigned(what, contextPrimitive(1));
  r.leave(outer, what);
  return found;
}

/** §4.2.1.14 */
export function readInhibitAnyPolicy(r: DerReader): number {
  return r.unsigned('inhibitAnyPolicy');
}
