import type { Certificate } from '../../x509/certificate.js';
import { type FailureCode, VerifyError } from '../failure.js';
import { named } from '../named.js';
import * as algorithm from './algorithm-rules.js';
import { alternativeNames } from './alternative-name-rules.js';
import * as authority from './authority-rules.js';
import { commonName } from './common-name-rule.js';
import * as field from './field-rules.js';
import * as keyIdentifier from './key-identifier-rules.js';
import type { Trace } from '../trace.js';
import { isSelfIssued, type Placed } from './placed.js';
import * as server from './server-certificate-rules.js';
import type { CertificationPath } from '../certification-path.js';

/** Says what breaks the rule, in a few words about the certificate; `undefined` when nothing does. */
type Check = (placed: Placed) => string | undefined;

/**
 * A rule about one certificate of the path: its check, the section that makes it (of RFC 5280, or BR: the CA/Browser
 * Forum's TLS Baseline Requirements), and the code of its breach.
 */
type CertificateRuleEntry = readonly [check: Check, section: string, code: FailureCode];

/**
 * The rules that look at each certificate of a path by itself, the anchor included, and at the one above it. None
 * depends on the time or the request.
 */
export const CERTIFICATE_RULES = {
  'serial-number': [field.serialNumber, '4.1.2.2', 'PROFILE_RULE'],
  'issuer-name': [field.issuerName, '4.1.2.4', 'PROFILE_RULE'],
  'validity-encoding': [field.validityEncoding, '4.1.2.5', 'PROFILE_RULE'],
  'ca-name': [field.authorityName, '4.1.2.6', 'PROFILE_RULE'],
  'empty-subject': [field.emptySubject, '4.1.2.6', 'PROFILE_RULE'],
  'no-unique-ids': [field.uniqueIdentifiers, '4.1.2.8', 'PROFILE_RULE'],
  'aki-present': [keyIdentifier.authorityKeyIdentifier, '4.2.1.1', 'PROFILE_RULE'],
  'aki-not-critical': [keyIdentifier.authorityKeyIdentifierCritical, '4.2.1.1', 'PROFILE_RULE'],
  'ca-ski-present': [keyIdentifier.subjectKeyIdentifier, '4.2.1.2', 'PROFILE_RULE'],
  'ski-not-critical': [keyIdentifier.subjectKeyIdentifierCritical, '4.2.1.2', 'PROFILE_RULE'],
  'aki-is-ski-above': [keyIdentifier.keyIdentifierChain, '4.2.1.2', 'PROFILE_RULE'],
  'ca-key-usage': [authority.authorityKeyUsage, '4.2.1.3', 'KEY_USAGE'],
  'cert-sign-only-ca': [authority.certSignWithoutCa, '4.2.1.9', 'KEY_USAGE'],
  'alternative-names': [alternativeNames, '4.2.1.6', 'PROFILE_RULE'],
  'ca-basic-constraints': [authority.authorityBasicConstraints, '4.2.1.9', 'NOT_A_CA'],
  'basic-constraints-critical': [authority.basicConstraintsCritical, '4.2.1.9', 'PROFILE_RULE'],
  'path-length-only-ca': [authority.pathLengthWithoutCa, '4.2.1.9', 'PROFILE_RULE'],
  'name-constraints-only-ca': [authority.nameConstraintsInCa, '4.2.1.10', 'PROFILE_RULE'],
  'name-constraints-form': [authority.nameConstraintsForm, '4.2.1.10', 'PROFILE_RULE'],
  'name-constraints-critical': [authority.nameConstraintsCritical, '4.2.1.10', 'PROFILE_RULE'],
  'policy-constraints-critical': [authority.policyConstraintsCritical, '4.2.1.11', 'PROFILE_RULE'],
  'inhibit-any-policy-critical': [authority.inhibitAnyPolicyCritical, '4.2.1.14', 'PROFILE_RULE'],
  'signing-key-usage': [algorithm.signingKeyUsage, 'RFC 9881 5, RFC 9909 6, RFC 9295 3', 'KEY_USAGE'],
  'signature-parameters': [algorithm.signatureParameters, 'RFC 5758 3.2', 'PROFILE_RULE'],
  'no-sha1': [algorithm.sha1, 'BR 7.1.3.2', 'WEAK_SIGNATURE'],
  'rsa-2048': [algorithm.rsaKeySize, 'BR 6.1.5', 'WEAK_KEY'],
  'rsa-whole-octets': [algorithm.rsaKeyOctets, 'BR 6.1.5', 'WEAK_KEY'],
  'public-key-type': [algorithm.publicKeyType, 'BR 7.1.3.1', 'WEAK_KEY'],
  'signature-algorithm': [algorithm.signatureAlgorithm, 'BR 7.1.3.2', 'WEAK_SIGNATURE'],
  'aki-key-only': [keyIdentifier.authorityKeyIdentifierFields, 'BR 7.1.2.11.1', 'PROFILE_RULE'],
  'root-aki-is-own-ski': [keyIdentifier.rootKeyIdentifier, 'BR 7.1.2.1.3', 'PROFILE_RULE'],
  'root-without-eku': [server.rootPurpose, 'BR 7.1.2.1.2', 'PURPOSE'],
  'server-is-no-ca': [server.serverIsNoCa, 'BR 7.1.2.7.8', 'PROFILE_RULE'],
  'server-key-usage': [server.serverKeyUsage, 'BR 7.1.2.7.11', 'KEY_USAGE'],
  'server-eku': [server.serverPurpose, 'BR 7.1.2.7.10', 'PURPOSE'],
  'server-ca-eku': [server.serverAuthorityPurpose, 'BR 7.1.2.10.6', 'PURPOSE'],
  'server-eku-not-critical': [server.serverPurposeCritical, 'BR 7.1.2.7.6', 'PROFILE_RULE'],
  'server-names': [server.serverNames, 'BR 7.1.2.7.12', 'PROFILE_RULE'],
  'server-names-critical': [server.serverNamesCritical, 'BR 7.1.2.7.12', 'PROFILE_RULE'],
  'common-name': [commonName, 'BR 7.1.4.3', 'PROFILE_RULE'],
} as const satisfies Record<string, CertificateRuleEntry>;

export type CertificateRule = keyof typeof CERTIFICATE_RULES;

/** Holds the path to the certificate rules among `rules`; throws the first breach, from the anchor down. */
export function checkCertificateRules(
  { certificates, anchor }: CertificationPath,
  rules: ReadonlySet<string>,
  trace: Trace | undefined,
): void {
  const active = activeRules(rules);
  if (active.length === 0) return;
  const root = anchor.certificate;
  checkAuthority(
    { certificate: root, role: 'anchor', issuer: isSelfIssued(root) ? root : undefined },
    active,
  );
  let issuer = root;
  for (let index = certificates.length - 1; index >= 0; index -= 1) {
    const certificate = certificates[index];
    if (certificate === undefined) return;
    trace?.checking(certificate);
    if (index > 0) checkAuthority({ certificate, role: 'intermediate', issuer }, active);
    else check({ certificate, role: 'leaf', issuer }, active);
    issuer = certificate;
  }
}

/** Checks only the leaf, if the certificates above it have passed before. */
export function checkLeafRules(
  { certificates: [leaf, issuer], anchor }: CertificationPath,
  rules: ReadonlySet<string>,
): void {
  const active = activeRules(rules);
  if (active.length === 0 || leaf === undefined) return;
  check({ certificate: leaf, role: 'leaf', issuer: issuer ?? anchor.certificate }, active);
}

/** The same of a leaf that no certificate of the path issued, for it is a trust anchor itself. */
export function checkPinnedRules(certificate: Certificate, rules: ReadonlySet<string>): void {
  const issuer = isSelfIssued(certificate) ? certificate : undefined;
  check({ certificate, role: 'leaf', issuer }, activeRules(rules));
}

type ActiveRules = readonly (readonly [name: string, rule: CertificateRuleEntry])[];

/** A profile's set is one object for as long as the profile lives. */
const activeBySet = new WeakMap<ReadonlySet<string>, ActiveRules>();

function activeRules(rules: ReadonlySet<string>): ActiveRules {
  const known = activeBySet.get(rules);
  if (known !== undefined) return known;
  const active = Object.entries(CERTIFICATE_RULES).filter(([name]) => rules.has(name));
  activeBySet.set(rules, active);
  return active;
}

/** The place and the rules by which an authority last passed, since the same one comes again and again. */
const passed = new WeakMap<Certificate, { readonly placed: Placed; readonly active: ActiveRules }>();

function checkAuthority(placed: Placed, active: ActiveRules): void {
  const last = passed.get(placed.certificate);
  if (last?.active === active && last.placed.role === placed.role && last.placed.issuer === placed.issuer)
    return;
  check(placed, active);
  passed.set(placed.certificate, { placed, active });
}

function check(placed: Placed, active: ActiveRules): void {
  for (const [name, [breachOf, section, code]] of active) {
    const breach = breachOf(placed);
    if (breach === undefined) continue;
    throw new VerifyError(code, `${named(placed.certificate)}: ${breach} (rule ${name})`, section);
  }
}
