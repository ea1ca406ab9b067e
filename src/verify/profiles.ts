import type { BaseProfile } from '../config/config.js';
import type { RevocationMode } from '../revocation-mode.js';
import type { CertificateRule } from './rules/certificate-rules.js';
import type { TrustStore } from './trust-store.js';

/**
 * What a profile may add to RFC 5280 §6: rules about single certificates (rules/certificate-rules.ts), of which
 * `no-sha1` and `signature-parameters` also apply to OCSP responses, and the latter to CRLs, and the following, each
 * enforced in the step that it belongs to:
 *
 * - `anchor-as-certificate`: the anchor's own validity, basicConstraints, keyUsage, EKU and critical extensions count
 * - `eku-nesting`: an EKU extension in a CA certificate bounds the purposes below it
 * - `eku-required`: with a purpose asked for, a leaf without EKU does not serve it, and anyExtendedKeyUsage is not
 *   enough
 * - `no-wildcard-on-public-suffix`: a wildcard directly above a public suffix of the ICANN part matches no name
 * - `crl-form`: a CRL without the extensions that §5.2 demands, with their criticality wrong, or with an empty list of
 *   revocations, clears no certificate
 * - `no-rev-avail`: a certificate with noRevAvail may pass without a CRL, and must not point to any (RFC 9608)
 * - `ocsp-nocheck`: an OCSP responder with id-pkix-ocsp-nocheck may pass without a CRL (RFC 6960 §4.2.2.2.1)
 * - `short-lived`: so may a leaf of a few days (Baseline Requirements §1.6.1, §4.9.7)
 */
export type Rule =
  | 'anchor-as-certificate'
  | 'eku-nesting'
  | 'eku-required'
  | 'no-wildcard-on-public-suffix'
  | 'crl-form'
  | 'no-rev-avail'
  | 'ocsp-nocheck'
  | 'short-lived'
  | CertificateRule;

/** The requirements of §4 for every CA and every certificate. */
const RFC_5280_STRICT: readonly Rule[] = [
  'anchor-as-certificate',
  'serial-number',
  'issuer-name',
  'validity-encoding',
  'ca-name',
  'empty-subject',
  'no-unique-ids',
  'aki-present',
  'aki-not-critical',
  'ca-ski-present',
  'ski-not-critical',
  'aki-is-ski-above',
  'ca-key-usage',
  'signing-key-usage',
  'cert-sign-only-ca',
  'alternative-names',
  'ca-basic-constraints',
  'basic-constraints-critical',
  'path-length-only-ca',
  'name-constraints-only-ca',
  'name-constraints-form',
  'name-constraints-critical',
  'policy-constraints-critical',
  'inhibit-any-policy-critical',
  'signature-parameters',
  'crl-form',
  'no-rev-avail',
];

const WEBPKI: readonly Rule[] = [
  'anchor-as-certificate',
  'eku-nesting',
  'no-wildcard-on-public-suffix',
  'no-sha1',
  'rsa-2048',
  'no-rev-avail',
  'ocsp-nocheck',
  'short-lived',
];

/** The Baseline Requirements demand RFC 5280 too, but for critical name constraints (BR §7.1.2.10.8 leaves that open). */
const WEBPKI_STRICT: readonly Rule[] = [
  ...WEBPKI,
  ...RFC_5280_STRICT.filter((rule) => rule !== 'name-constraints-critical'),
  'eku-required',
  'rsa-whole-octets',
  'public-key-type',
  'signature-algorithm',
  'aki-key-only',
  'root-aki-is-own-ski',
  'root-without-eku',
  'server-is-no-ca',
  'server-key-usage',
  'server-eku',
  'server-ca-eku',
  'server-eku-not-critical',
  'server-names',
  'server-names-critical',
  'common-name',
];

/** The base profiles. Names are matched against the subjectAltName alone in all of them. */
export const BASE_RULES: Readonly<Record<BaseProfile, ReadonlySet<Rule>>> = {
  rfc5280: new Set<Rule>(['no-rev-avail']),
  'rfc5280-strict': new Set(RFC_5280_STRICT),
  webpki: new Set(WEBPKI),
  'webpki-strict': new Set(WEBPKI_STRICT),
};

/** A named set of rules with its trust anchors: what a request's `profile` chooses. */
export interface Profile {
  readonly rules: ReadonlySet<Rule>;
  readonly anchors: TrustStore;
  /** A certificate in question that is itself one of the anchors may be valid; see pinned-leaf.ts. */
  readonly trustLeaf: boolean;
  readonly revocation: RevocationMode;
  /** The purpose wanted when a request names none. */
  readonly purpose: string | null;
  /** How long a CRL without nextUpdate serves, in ms; `null`: not at all. */
  readonly crlMaxAge: number | null;
  /** The most certificates between leaf and anchor; `null`: no limit of the profile's. */
  readonly maxIntermediates: number | null;
}
